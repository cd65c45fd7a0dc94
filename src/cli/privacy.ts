// `mailroom privacy`: everything kept of one person, exported or erased.
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { ErasureReport, PrivacyApi } from '../http/api/privacy.ts';
import { privacyOf } from '../wiring/portal.ts';
import { withReplies } from './connect.ts';
import { print, printAs } from './output.ts';
import { table } from './table.ts';

const BY = 'an operator';

function privacyFor<T>(command: Command, action: (api: PrivacyApi) => Promise<T>): Promise<T> {
  return withReplies(command, (replies, { stores, servers, emit }) =>
    action(privacyOf(stores, replies, () => servers, emit)),
  );
}

export function privacyCommand(program: Command): void {
  const privacy = program.command('privacy').description('export or erase everything kept of one person');
  privacy
    .command('export')
    .argument('<address>', 'mail address of the person')
    .option('--out <file>', 'zip file to write; it must not exist yet', 'personal-data.zip')
    .description('write everything kept of a person to a zip of JSON and eml')
    .action(async (address: string, { out }: { out: string }, command: Command) => {
      await privacyFor(command, async (api) => {
        const zip = await api.exportPerson(address, BY);
        await pipeline(Readable.from(zip, { objectMode: false }), createWriteStream(out, { flags: 'wx', mode: 0o600 }));
      });
      print(`written to ${out}; report.json in it says what was found\n`);
    });
  privacy
    .command('erase')
    .argument('<address>', 'mail address of the person')
    .option('--yes', 'erase; without it, only show what would be erased')
    .option('--also-waiting', 'also what no consumer has taken yet, and replies that have not been sent')
    .option('--json', 'the whole report as one JSON document')
    .description('erase everything kept of a person; a dry run unless --yes is given')
    .action(
      async (address: string, options: { yes?: boolean; alsoWaiting?: boolean; json?: boolean }, command: Command) => {
        const choice = { dryRun: options.yes !== true, alsoWaiting: options.alsoWaiting === true };
        const report = await privacyFor(command, (api) => api.erasePerson(address, choice, BY));
        printAs(options.json, report, () => textOf(report));
      },
    );
}

function textOf({
  dryRun,
  erased,
  stays,
  counts,
  items,
  hashesThatStay,
  unsearched,
  unreadable,
}: ErasureReport): string {
  const lines = [`${erased} ${dryRun ? 'would be erased' : 'erased'}, ${stays} stay`];
  if (counts.length > 0) lines.push(table(counts, ['part', 'erased', 'stays']).trimEnd());
  const staying = items.filter((item) => item.stays !== undefined);
  if (staying.length > 0) lines.push('', table(staying, ['part', 'id', 'stays']).trimEnd());
  lines.push('', `hashes that stay, so that nothing is enqueued or sent twice: ${hashesThatStay.join(', ')}`);
  if (unsearched !== undefined)
    lines.push(
      `${unsearched.segments} files of raw mails by an older version cannot be searched; the newest was written ${unsearched.newest}`,
    );
  if (unreadable !== undefined) lines.push(`${unreadable} stored mails could not be read`);
  if (dryRun) lines.push('dry run; add --yes to erase');
  return `${lines.join('\n')}\n`;
}
