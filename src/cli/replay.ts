// `mailroom replay`: deliberately puts messages of a mailbox on a queue once more: for a backend that lost them, or for a trial on a shadow
// flow.
import { randomBytes } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import { isImap } from '../domain/email-server.ts';
import { parse as parseUidSet } from '../domain/uid-set.ts';
import { instantOf } from '../lib/time.ts';
import { type Replayed, replay, type Selection } from '../operations/replay.ts';
import { ingestDeps } from '../wiring/inbound.ts';
import { connected, named } from './connect.ts';
import { print } from './output.ts';

export function replayCommand(program: Command): void {
  program
    .command('replay')
    .argument('<server>', 'Name of an IMAP email server')
    .argument(
      '<messages>',
      'UIDs ("120:140,155") or a date ("since 2026-11-01" as one argument, or 2026-11-01)',
      selection,
    )
    .option('--to <flow>', 'email flow to put them on, e.g. a shadow queue; default: the flow of the server')
    .option('--run <name>', 'continue the interrupted run of this name; nothing is enqueued twice', runName)
    .description('enqueue messages once more without changing the ledger')
    .action(async (name: string, wanted: Selection, options: { to?: string; run?: string }, command: Command) => {
      const run = options.run ?? randomBytes(4).toString('hex');
      process.stderr.write(`run ${run}; after an interruption continue it with --run ${run}\n`);
      const done = await connected(command, async ({ stores, servers, config, emit }) => {
        const server = named(servers.filter(isImap), name, { what: 'IMAP email server' });
        const deps = { ...stores, ingest: ingestDeps(config, stores, emit), open: () => stores.openMailbox(server) };
        return replay(deps, { server, emailFlow: options.to, wanted, run });
      });
      print(asText(done));
      if (done.unreadable.length > 0) process.exitCode = 1;
    });
}

function asText({ enqueued, before, unreadable }: Replayed): string {
  const lines = [`${enqueued} messages enqueued again`];
  if (before > 0) lines.push(`${before} were already enqueued by this run`);
  if (unreadable.length > 0) lines.push(`${unreadable.length} not given by the server: UID ${unreadable.join(', ')}`);
  return `${lines.join('\n')}\n`;
}

function runName(text: string): string {
  if (/^[a-z0-9]{1,32}$/.test(text)) return text;
  throw new InvalidArgumentError('a run is named by up to 32 lower-case letters and digits');
}

function selection(text: string): Selection {
  const date = /^(?:since\s+)?(\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z?)?)$/.exec(text.trim());
  const since = date === null ? undefined : instantOf(date[1] as string);
  if (since !== undefined) return { since: new Date(since) };
  try {
    return { uids: parseUidSet(text) };
  } catch {
    throw new InvalidArgumentError('neither UIDs like 120:140,155 nor a date like 2026-11-01');
  }
}
