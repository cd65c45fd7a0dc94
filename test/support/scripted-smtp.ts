// A scripted SMTP server without TLS: an ordinary one, except for the answers that a test puts in the place of its own. For what npm smtp-server never
// says: answers out of step.
import { createServer, type Socket } from 'node:net';
import { freePort } from './temp.ts';

/** First word of a command; `dot`: the end of the mail. */
type Verb = 'EHLO' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA' | 'dot' | 'RSET' | 'QUIT';

const USUAL: Readonly<Record<string, string>> = {
  EHLO: '250-scripted\r\n250 AUTH PLAIN XOAUTH2',
  AUTH: '235 2.7.0 signed in',
  DATA: '354 go ahead',
  dot: '250 2.0.0 OK',
  QUIT: '221 2.0.0 bye',
};

export interface ScriptedSmtp {
  port: number;
  /** Mails that ended with their dot. */
  mails: string[];
  /** Verbs in order. */
  verbs: string[];
  stop(): Promise<void>;
}

/**
 * @param answer the lines in the place of the usual answer; undefined: the usual one. Called in order, also when a mail's first bytes come (`body`).
 *   An answer whose last line is a continuation (`250-wait`) never ends: the line is sent again and again.
 */
export async function startScriptedSmtp(answer: (verb: Verb | 'body') => string | undefined): Promise<ScriptedSmtp> {
  const open = new Set<Socket>();
  const port = await freePort();
  const mails: string[] = [];
  const verbs: string[] = [];
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => {});
    let unread = '';
    let isMail = false;
    const say = (lines: string) => socket.write(`${lines}\r\n`);
    const command = (verb: Verb) => {
      verbs.push(verb);
      const lines = answer(verb) ?? USUAL[verb] ?? '250 2.1.0 OK';
      isMail = verb === 'DATA' && lines.startsWith('354');
      say(lines);
      const last = lines.split('\r\n').at(-1) ?? '';
      if (last[3] === '-') {
        const again = setInterval(() => say(last), 20);
        socket.once('close', () => clearInterval(again));
      }
      if (verb === 'QUIT') socket.end();
    };
    const read = (): boolean => {
      const end = unread.indexOf(isMail ? '\r\n.\r\n' : '\r\n');
      if (end < 0) return false;
      const text = unread.slice(0, end);
      unread = unread.slice(end + (isMail ? 5 : 2));
      if (isMail) mails.push(text);
      command(isMail ? 'dot' : (text.split(/[ :]/)[0]?.toUpperCase() as Verb));
      return true;
    };
    socket.on('data', (bytes) => {
      if (isMail && unread === '') {
        const early = answer('body');
        if (early !== undefined) say(early);
      }
      unread += bytes.toString('latin1');
      while (read());
    });
    say('220 scripted');
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    port,
    mails,
    verbs,
    stop() {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
