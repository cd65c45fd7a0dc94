// The bare limit of idling: as many imapflow connections in one process as mailboxes, each in IDLE, nothing else. With `lookMs` each is also
// asked for its newest UIDs so often, as the product asks: what such a look costs through imapflow.
import { ImapFlow } from 'imapflow';
import { type IdleSettings, lookInTurn, say, settings } from './events.ts';

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

if (lookMs !== undefined)
  lookInTurn(clients, lookMs, (client) => {
    client.search({ uid: '1:*' }, { uid: true }).then(
      () => {
        client.idle().catch(() => {});
      },
      (error: Error) => say('Failed', { message: error.message }),
    );
  });
