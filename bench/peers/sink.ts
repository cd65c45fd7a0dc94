// SMTP server that takes everything and keeps nothing, as a process of its own: the same sink for product and peer. Counts what it took.
import { readFileSync } from 'node:fs';
import { SMTPServer } from 'smtp-server';
import { say, settings } from './events.ts';

const { port, certFile, keyFile, replyMs } = settings<{
  port: number;
  certFile: string;
  keyFile: string;
  /** Milliseconds from the end of the mail to the answer. */
  replyMs: number;
}>();
const server = new SMTPServer({
  key: readFileSync(keyFile),
  cert: readFileSync(certFile),
  authMethods: ['PLAIN', 'LOGIN'],
  onAuth: (auth, _session, done) => done(null, { user: auth.username ?? '' }),
  onData(stream, _session, done) {
    let head = '';
    stream.on('data', (chunk: Buffer) => {
      if (head.length < 4_096) head += chunk.toString('latin1');
    });
    stream.on('end', () => {
      const id = /^Subject: Reply (\d+)/m.exec(head)?.[1];
      say('Taken', { n: Number(id) });
      if (replyMs > 0) setTimeout(done, replyMs, null, 'OK');
      else done(null, 'OK');
    });
  },
});
server.on('error', () => {});
server.listen(port, '127.0.0.1', () => say('Connected'));
