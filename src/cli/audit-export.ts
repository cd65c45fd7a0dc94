// `mailroom audit export`: the audit log as JSON lines, oldest first: who changed what, and who signed in.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type AuditKind, auditKinds } from '../domain/audit.ts';
import { auditLines } from '../http/api/audit.ts';
import { instantOf } from '../lib/time.ts';
import { connected } from './connect.ts';

interface ExportOptions {
  kind?: AuditKind;
  /** Epoch ms. */
  from?: number;
  to?: number;
}

function boundary(text: string): number {
  const at = instantOf(text);
  if (at !== undefined) return at;
  throw new InvalidArgumentError('a date such as 2026-11-01, or a time such as 2026-11-01T08:00:00Z, is expected');
}

export function auditExportCommand(audit: Command): void {
  audit
    .command('export')
    .description('write the audit log (changes and sign-ins in the portal and API) as JSON lines, oldest first')
    .addOption(new Option('--kind <kind>', 'only these').choices([...auditKinds]))
    .option('--from <time>', 'no earlier entries', boundary)
    .option('--to <time>', 'no later entries', boundary)
    .action(async (options: ExportOptions, command: Command) =>
      connected(command, ({ stores }) => {
        const lines = auditLines(stores.audit.entries({ ...options, order: 'oldest' }));
        return pipeline(Readable.from(lines), process.stdout, { end: false });
      }),
    );
}
