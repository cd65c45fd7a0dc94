// The bare limit of idling: as many imapflow connections in one process as mailboxes, each in IDLE, nothing else.
import { ImapFlow } from 'imapflow';
import { say, settings } from './events.ts';

const { host, port, users, password } = settings<{ host: string; port: number; users: string[]; password: string }>();
const open = async (user: string) => {
  const client = new ImapFlow({
    host,
    port,
    secure: true,
    auth: { user, pass: password },
    logger: false,
    disableAutoIdle: true,
  });
  client.on('error', (error) => say('Failed', { message: error.message }));
  await client.connect();
  await client.mailboxOpen('INBOX');
  client.idle().catch(() => {});
};
for (let i = 0; i < users.length; i += 20) await Promise.all(users.slice(i, i + 20).map(open));
say('Connected', { count: users.length });
