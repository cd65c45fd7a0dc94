// The bare limit of the IMAP library: fetch everything, throw the bytes away.
import { ImapFlow } from 'imapflow';
import { type DrainSettings, say, settings } from './events.ts';

const { host, port, user, password } = settings<DrainSettings>();
const client = new ImapFlow({ host, port, secure: true, auth: { user, pass: password }, logger: false });
await client.connect();
await client.mailboxOpen('INBOX');
say('Connected');
let count = 0;
let bytes = 0;
for await (const message of client.fetch('1:*', { uid: true, source: true }, { uid: true })) {
  count += 1;
  bytes += message.source?.length ?? 0;
}
say('Done', { count, bytes });
await client.logout();
