// What no client in Node can go below: as many TLS connections as mailboxes, signed in and in IDLE by lines written as they are, nothing kept of the
// answers. With `lookMs`, each requests its newest UIDs that often, the three commands in one write.
import { connect, type TLSSocket } from 'node:tls';
import { type IdleSettings, lookInTurn, say, settings } from './events.ts';

const { host, port, users, password, lookMs } = settings<IdleSettings>();

/** Writes and waits until the server has said this. */
const ask = (socket: TLSSocket, lines: string, until: string) =>
  new Promise<void>((resolve) => {
    let said = '';
    const listen = (chunk: Buffer) => {
      said += chunk.toString('latin1');
      if (!said.includes(until)) return;
      socket.off('data', listen);
      resolve();
    };
    socket.on('data', listen);
    socket.write(lines);
  });

const open = async (user: string) => {
  const socket = connect({ host, port, servername: host });
  socket.on('error', (error) => say('Failed', { message: error.message }));
  await ask(socket, `a LOGIN "${user}" "${password}"\r\n`, 'a OK');
  await ask(socket, 'b SELECT INBOX\r\n', 'b OK');
  await ask(socket, 'c IDLE\r\n', '+ ');
  socket.on('data', () => {});
  return socket;
};
const sockets: TLSSocket[] = [];
for (let i = 0; i < users.length; i += 20) sockets.push(...(await Promise.all(users.slice(i, i + 20).map(open))));
say('Connected', { count: users.length });

if (lookMs !== undefined)
  lookInTurn(sockets, lookMs, (socket) => socket.write('DONE\r\nd UID SEARCH UID 1:*\r\ne IDLE\r\n'));
