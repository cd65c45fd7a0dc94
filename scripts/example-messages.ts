// Examples of the contract mailroom.message/1 for `npm run docs`: what Mailroom makes of the mails in test/fixtures/mails, with an identity as the
// ledger would give it. Schema and examples come from the same code, so neither can leave the other behind.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseEmailServer } from '../src/config/email-servers.ts';
import { messageSchema } from '../src/contract/message.ts';
import { mailboxId } from '../src/contract/names.ts';
import { isImap } from '../src/domain/email-server.ts';
import { mailboxContext } from '../src/domain/receiving-server.ts';
import { buildMessage } from '../src/inbound/ingest-message.ts';
import { parseMessage } from '../src/mime/index.ts';

const MAILS = ['alternative', 'bounce', 'related', 'tnef', 'broken', 'exchange', 'answer'];

/** Path below the project → JSON text. @throws when an example does not fit the contract */
export function exampleMessages(): [string, string][] {
  const definition = {
    serverType: 'IMAP',
    name: 'Support inbound',
    host: 'outlook.office365.com',
    authenticationType: 'Password',
    password: 'example',
    user: 'support@contoso.example',
    aliases: ['orders@contoso.example'],
    emailFlow: 'Support',
  };
  const server = parseEmailServer({ definition, source: 'portal', at: '', index: 0, folder: '' }, {}, []);
  if (server === undefined || !isImap(server)) throw new Error('the example server is an IMAP server');
  const meta = { uidValidity: '1015', era: '' };
  return MAILS.map((name, i) => {
    const raw = readFileSync(new URL(`../test/fixtures/mails/${name}.eml`, import.meta.url));
    const sha256 = createHash('sha256').update(raw).digest('hex');
    const message = buildMessage(
      { server, mailboxId: mailboxId(server), meta },
      {
        uid: i + 1,
        internalDate: new Date(Date.UTC(2026, 10, 25, 9, i)),
        size: raw.length,
        source: raw,
        parsed: parseMessage(raw, { mailbox: mailboxContext(server), headers: ['x-order*'] }),
        raw: { blob: sha256, size: raw.length, sha256 },
        related: { conversation: { id: `c-example-${i + 1}`, matchedBy: 'new' }, siblings: [] },
      },
      Date.UTC(2026, 10, 25, 9, i),
    );
    const checked = messageSchema.parse(JSON.parse(JSON.stringify(message)));
    return [`schemas/examples/mailroom.message-1.${name}.json`, `${JSON.stringify(checked, null, 2)}\n`];
  });
}
