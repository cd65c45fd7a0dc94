// `mailroom audit`: proves that nothing is unaccounted for. UIDs in the mailbox against the ledger, the ledger against the queue.
// Opens its own short connection to each mailbox, only to list UIDs; it changes nothing.
import type { Command } from 'commander';
import type { QuarantinedKey } from '../adapters/redis/guard.ts';
import { mailboxId, messageKey } from '../contract/names.ts';
import { type ImapServer, isImap } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import { audit, unsettledBecause } from '../domain/ledger.ts';
import type { UidSet } from '../domain/uid-set.ts';
import type { Stores } from '../wiring/stores.ts';
import { auditExportCommand } from './audit-export.ts';
import { connected, named } from './connect.ts';
import { printAs } from './output.ts';

const NONE = {
  inMailbox: 0,
  unaccounted: 0,
  pending: 0,
  enqueued: 0,
  beforeStart: 0,
  matched: 0,
  vanished: 0,
  quarantined: 0,
  /** Jobs of enqueued and quarantined messages that still exist on their queue. */
  jobsKept: 0,
};

type AuditRow = typeof NONE & { server: string; emailFlow: string; problem?: string };

export function auditCommand(program: Command): void {
  const command = program
    .command('audit')
    .argument('[server]', 'Name of an IMAP email server; default: all')
    .description('compare mailboxes, ledger and queues; exits with 1 unless unaccounted is 0')
    .option('--json', 'one JSON document')
    .action(async (name: string | undefined, options: { json?: boolean }, own: Command) => {
      const { rows, aside } = await connected(own, async ({ stores, servers }) => {
        const result: AuditRow[] = [];
        const all = servers.filter(isImap);
        const wanted = name === undefined ? all : [named(all, name, { what: 'IMAP email server' })];
        for (const server of wanted) result.push(await auditServer(stores, server));
        return { rows: result, aside: await stores.quarantinedKeys() };
      });
      const unaccounted = rows.reduce((sum, row) => sum + row.unaccounted, 0);
      const failed = rows.some((row) => row.problem !== undefined);
      const document = { unaccounted, servers: rows, quarantinedKeys: aside };
      printAs(options.json, document, () => asText(rows, unaccounted, aside));
      if (unaccounted > 0 || failed) process.exitCode = 1;
    });
  auditExportCommand(command);
}

async function auditServer(stores: Stores, server: ImapServer): Promise<AuditRow> {
  const id = mailboxId(server);
  const base = { server: server.name, emailFlow: server.emailFlow, ...NONE };
  try {
    const uids = await listUids(stores, server);
    // Read after the mailbox: messages that arrive in between are in neither, and commits in between are in both.
    const ledger = await stores.ledgers.load(id);
    const problem = unsettledBecause(ledger, uids.uidValidity);
    if (problem !== undefined || ledger.meta === undefined)
      return { ...base, inMailbox: uids.list.length, problem: problem ?? 'never watched yet' };
    const { counts, ...found } = audit(ledger, uids.list);
    const { meta } = ledger;
    const keys = [...uidsOf(ledger.sets.enqueued), ...uidsOf(ledger.sets.quarantined)].map((uid) =>
      messageKey(id, meta.uidValidity, uid, meta.era),
    );
    const kept = await Promise.all(meta.emailFlows.map((emailFlow) => stores.flows.existing(emailFlow, keys)));
    return {
      ...base,
      inMailbox: found.inMailbox,
      unaccounted: found.unaccounted.length,
      pending: found.pending.length,
      enqueued: counts.enqueued,
      beforeStart: counts['before-start'],
      matched: counts.matched,
      vanished: counts.vanished,
      quarantined: counts.quarantined,
      jobsKept: new Set(kept.flatMap((found) => [...found])).size,
    };
  } catch (error) {
    if (!(error instanceof MailroomError)) throw error;
    return { ...base, problem: `${error.code}: ${error.message}` };
  }
}

function* uidsOf(set: UidSet): Generator<number> {
  for (const [first, last] of set) for (let uid = first; uid <= last; uid++) yield uid;
}

async function listUids(stores: Stores, server: ImapServer): Promise<{ uidValidity: string; list: number[] }> {
  const mailbox = await stores.openMailbox(server);
  try {
    return { uidValidity: mailbox.uidValidity, list: await mailbox.uids() };
  } finally {
    await mailbox.close();
  }
}

function asText(rows: readonly AuditRow[], unaccounted: number, aside: readonly QuarantinedKey[]): string {
  const lines = rows.map((row) => {
    if (row.problem !== undefined) return `${row.server}: not audited: ${row.problem}`;
    const parts = [
      `${row.inMailbox} in the mailbox`,
      `${row.enqueued} enqueued`,
      `${row.beforeStart} before the start`,
      `${row.matched} matched`,
      `${row.vanished} vanished`,
      `${row.quarantined} quarantined`,
      `${row.pending} pending`,
      `${row.jobsKept} jobs kept`,
    ];
    return `${row.server} → ${row.emailFlow}: ${parts.join(', ')}; unaccounted ${row.unaccounted}`;
  });
  const keys = aside.map(({ key, item, server, reason, movedTo, at }) =>
    [
      `${movedTo === undefined ? 'damaged' : 'set aside'} in Redis at ${at}: ${key}${item === undefined ? '' : ` ${item}`}`,
      ...(server === undefined ? [] : [`of ${server}`]),
      reason,
      ...(movedTo === undefined ? [] : [`kept as ${movedTo}`]),
    ].join(', '),
  );
  return `${[...lines, ...keys, `unaccounted = ${unaccounted}`].join('\n')}\n`;
}
