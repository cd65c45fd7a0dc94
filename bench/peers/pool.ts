// The bare limit of sending: a nodemailer pool, nothing else. No journal, no policy, no queue.
import { createTransport } from 'nodemailer';
import { say, settings } from './events.ts';

const { host, port, user, password, connections, count, text } = settings<{
  host: string;
  port: number;
  user: string;
  password: string;
  connections: number;
  count: number;
  text: string;
}>();
const pool = createTransport({
  pool: true,
  host,
  port,
  requireTLS: true,
  maxConnections: connections,
  auth: { user, pass: password },
});
say('Connected');
await Promise.all(
  Array.from({ length: count }, (_, n) =>
    pool.sendMail({ from: user, to: 'jane@customer.example', subject: `Reply ${n}`, text }),
  ),
);
say('Done');
pool.close();
