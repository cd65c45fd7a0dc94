// `mailroom servers`: every email server with its live state, as the watching replica last wrote it.
import type { Command } from 'commander';
import { mailboxId } from '../contract/names.ts';
import { isImap } from '../domain/email-server.ts';
import { flowsOf } from '../domain/flow-by-recipient.ts';
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
      const rows = await connected(command, async ({ stores, servers }) => {
        const found = [];
        for (const server of servers) {
          const base = {
            name: server.name,
            type: server.type,
            host: `${server.host}:${server.port}`,
            user: server.user,
            enabled: server.enabled,
          };
          if (!isImap(server)) {
            found.push({ ...base, state: server.enabled ? 'enabled' : 'disabled' });
            continue;
          }
          const state = await stores.ledgers.readState(mailboxId(server));
          found.push({
            ...base,
            emailFlow: flowsOf(server).join(', '),
            state: server.enabled ? (state.state ?? 'not watched yet') : 'disabled',
            ...(state.reason ? { reason: state.reason } : {}),
            ...(state.lastProvenAt ? { lastProvenAt: new Date(Number(state.lastProvenAt)).toISOString() } : {}),
            ...(state.blindSeconds ? { blindSeconds: Number(state.blindSeconds) } : {}),
            ...(state.replica ? { replica: state.replica } : {}),
            backlog: (await Promise.all(flowsOf(server).map(stores.flows.backlog))).reduce((sum, one) => sum + one, 0),
          });
        }
        return found;
      });
      printAs(options.json, rows, () => table(rows, COLUMNS));
    });
}
