// The dialogue of one submission connection: a line, its command, its reply.
import { HOSTNAME } from '../tenant.ts';
import { COMMANDS } from './commands.ts';
import { type Connection, faultAt, present, type Reply, send } from './state.ts';

/** Replies after which the server closes the connection. */
const CLOSING = [221, 421];

/** Resolves at the end of the connection. */
export async function serveSubmission(connection: Connection): Promise<void> {
  const ends = (reply: Reply | undefined): boolean => {
    if (reply) send(connection, reply);
    return CLOSING.includes(reply?.code ?? 0);
  };
  try {
    const refusal = await faultAt(connection, 'connect');
    const date = new Date().toUTCString();
    let isOver = ends(refusal ?? { code: 220, text: `${HOSTNAME} Microsoft ESMTP MAIL Service ready at ${date}` });
    isOver ||= refusal !== undefined;
    while (!isOver) {
      const [verb = '', ...rest] = present(await connection.input.line()).split(' ');
      const run = COMMANDS[verb.toUpperCase()];
      isOver = ends(run ? await run(connection, rest.join(' ')) : { code: 500, text: '5.3.3 Unrecognized command' });
    }
    connection.socket.end();
  } catch {
    // GONE, or an error of the connection.
    connection.raw.destroy();
  }
}
