// `mailroom servers`: every email server with its live state, as the watching replica last wrote it.
import type { Command } from 'commander';
import { mailboxId } from '../contract/names.ts';
import { type EmailServer, isImap } from '../domain/email-server.ts';
import { flowsOf } from '../domain/flow-by-recipient.ts';
import { defined } from '../lib/defined.ts';
import type { Stores } from '../wiring/stores.ts';
import { connected } from './connect.ts';
import { printAs } from './output.ts';
import { table } from './table.ts';

const COLUMNS = ['name', 'type', 'user', 'emailFlow', 'state', 'reason', 'lastProvenAt', 'blindSeconds', 'backlog'];

export function serversCommand(program: Command): void {
  program
    .command('servers')
    .description('list the email servers with state, last proof of life, blind time and backlog')
    .option('--json', 'one JSON document')
    .action(async (options: { json?: boolean }, command: Command) => {
      const rows = await connected(command, ({ stores, servers }) =>
        Promise.all(servers.map((server) => rowOf(stores, server))),
      );
      printAs(options.json, rows, () => table(rows, COLUMNS));
    });
}

async function rowOf({ ledgers, flows }: Stores, server: EmailServer) {
  const { name, type, host, port, user, enabled } = server;
  const base = { name, type, host: `${host}:${port}`, user, enabled };
  if (!isImap(server)) return { ...base, state: enabled ? 'enabled' : 'disabled' };
  const { state, reason, lastProvenAt, blindSeconds, replica } = await ledgers.readState(mailboxId(server));
  const backlogs = await Promise.all(flowsOf(server).map(flows.backlog));
  return {
    ...base,
    emailFlow: flowsOf(server).join(', '),
    state: enabled ? (state ?? 'not watched yet') : 'disabled',
    ...defined({
      reason: reason || undefined,
      lastProvenAt: lastProvenAt ? new Date(Number(lastProvenAt)).toISOString() : undefined,
      blindSeconds: blindSeconds ? Number(blindSeconds) : undefined,
      replica: replica || undefined,
    }),
    backlog: backlogs.reduce((sum, one) => sum + one, 0),
  };
}
