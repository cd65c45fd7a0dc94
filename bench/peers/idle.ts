// The bare limit of idling: as many imapflow connections in one process as mailboxes, each in IDLE, nothing else. With `lookMs` each is also
// asked for its newest UIDs so often, as the product asks: what such a look costs through imapflow.
import { ImapFlow } from 'imapflow';
import { type IdleSettings, say, settings } from './events.ts';

const { host, port, users, password, lookMs } = settings<IdleSettings>();
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
  return client;
};
const clients: ImapFlow[] = [];
for (let i = 0; i < users.length; i += 20) clients.push(...(await Promise.all(users.slice(i, i + 20).map(open))));
say('Connected', { count: users.length });

// Those that are due look one after another, once a second (the product's `inStep`).
let asked = 0;
if (lookMs !== undefined)
  setInterval(() => {
    const due = Math.round((clients.length * 1_000) / lookMs);
    for (let i = 0; i < due; i++) {
      const client = clients[asked++ % clients.length];
      client?.search({ uid: '1:*' }, { uid: true }).then(
        () => {
          client.idle().catch(() => {});
        },
        (error: Error) => say('Failed', { message: error.message }),
      );
    }
  }, 1_000);
