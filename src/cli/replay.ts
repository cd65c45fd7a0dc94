// `mailroom replay`: puts messages of a mailbox on a queue once more, on purpose: for a backend that lost them, or for a trial on a shadow
// flow. The ledger is not touched; the jobs carry the same messageKey under a job id of their own.
import { type Command, InvalidArgumentError } from 'commander';
import type { Message } from '../contract/message.ts';
import { MESSAGE_JOB, mailboxId } from '../contract/names.ts';
import type { ImapServer } from '../domain/email-server.ts';
import type { LedgerMeta } from '../domain/ledger.ts';
import { fromUids, has, parse as parseUidSet } from '../domain/uid-set.ts';
import { relate } from '../gateway/conversations.ts';
import { toMessage } from '../inbound/message.ts';
import type { ParsedMessage } from '../parsing/index.ts';
import { openForLook } from './audit.ts';
import { type Connected, connected, imapServers } from './connect.ts';

export function replayCommand(program: Command): void {
  program
    .command('replay')
    .argument('<server>', 'name of an IMAP email server')
    .argument('<messages>', 'UIDs ("120:140,155") or a date ("since 2026-11-01" as one argument, or 2026-11-01)')
    .option('--to <flow>', 'another email flow to put them on, e.g. a shadow queue; default: the flow of the server')
    .description('put messages on a queue once more; the ledger stays as it is')
    .action(async (name: string, messages: string, options: { to?: string }, command: Command) => {
      const wanted = selection(messages);
      const count = await connected(command, (all) => replay(all, name, wanted, options.to));
      process.stdout.write(`${count} messages enqueued again\n`);
    });
}

type Selection = { uids: ReturnType<typeof parseUidSet> } | { since: Date };

function selection(text: string): Selection {
  const date = /^(?:since\s+)?(\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z?)?)$/.exec(text.trim());
  if (date !== null && !Number.isNaN(Date.parse(date[1] as string))) return { since: new Date(date[1] as string) };
  try {
    return { uids: parseUidSet(text) };
  } catch {
    throw new InvalidArgumentError(`"${text}" is neither UIDs like 120:140,155 nor a date like 2026-11-01`);
  }
}

async function replay(
  { stores, servers, config }: Connected,
  name: string,
  wanted: Selection,
  to?: string,
): Promise<number> {
  const [server] = imapServers(servers, name) as [ImapServer];
  const emailFlow = to ?? server.emailFlow;
  const queue = await stores.flows.queueOf(emailFlow);
  const mailbox = await openForLook(stores, server);
  const run = Date.now().toString(36);
  let count = 0;
  try {
    const all = 'since' in wanted ? await mailbox.uidsSince(wanted.since) : await mailbox.uids();
    const chosen = 'since' in wanted ? fromUids(all) : wanted.uids;
    const uids = all.filter((uid) => has(chosen, uid));
    const id = mailboxId(server);
    const ledger = await stores.ledgers.load(id);
    const meta: LedgerMeta = ledger.meta ?? {
      uidValidity: mailbox.uidValidity,
      era: '',
      startedAt: 0,
      start: 'replay',
      emailFlows: [],
      user: server.user,
      host: server.host,
      folder: server.folder,
    };
    for await (const fetched of mailbox.fetch(uids, server.maxMessageSize)) {
      if (fetched === 'lull') continue;
      if (fetched.source === undefined || ('since' in wanted && fetched.internalDate < wanted.since)) {
        fetched.release?.();
        continue;
      }
      const raw = await stores.blobs.put(fetched.source);
      const [parsed] = (await stores.parsing.parse([fetched.source])) as [ParsedMessage];
      const related = await relate(parsed, config.security.conversationKeys);
      const message: Message = {
        ...toMessage(server, id, meta, { ...fetched, parsed, raw }, related, []),
        emailFlow,
      };
      await queue.add(MESSAGE_JOB, message, {
        jobId: `${message.messageKey}-replay-${run}`,
        removeOnComplete: { age: 86_400 },
      });
      fetched.release?.();
      count++;
    }
  } finally {
    await mailbox.close();
  }
  return count;
}
