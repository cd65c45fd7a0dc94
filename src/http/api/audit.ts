// The audit log over HTTP: its newest entries, and all of it as JSON lines.
import { z } from 'zod';
import { type AuditEntry, type AuditQuery, auditKinds } from '../../domain/audit.ts';
import { firstOf } from '../../lib/streams.ts';
import { sendLines } from '../downloads.ts';
import { get, type Route } from '../routes.ts';

export interface AuditApi {
  audit(query: AuditQuery): AsyncGenerator<AuditEntry>;
}

const entrySchema: z.ZodType<AuditEntry> = z.object({
  at: z.string(),
  by: z.string(),
  action: z.string(),
  server: z.string(),
  changes: z.array(z.object({ field: z.string(), from: z.string(), to: z.string() })).describe('Secrets are masked'),
  revision: z.string().optional().describe('Of the email server after the change'),
});

const kind = z.enum(auditKinds).optional().describe('Default: both');
const instant = (what: string) =>
  z.iso
    .datetime({ offset: true })
    .optional()
    .describe(`${what}, RFC 3339`)
    .transform((text) => (text === undefined ? undefined : Date.parse(text)));

export async function* auditLines(entries: AsyncIterable<AuditEntry>): AsyncGenerator<string> {
  for await (const entry of entries) yield `${JSON.stringify(entry)}\n`;
}

export function auditRoutes(api: AuditApi): Route[] {
  const tag = 'Email servers';
  return [
    get('/v1/audit', {
      tag,
      permission: 'audit:read',
      operationId: 'listAudit',
      summary: 'Who changed what and who signed in, newest first',
      query: z.strictObject({ limit: z.coerce.number().int().min(1).max(1000).default(100), kind }),
      answers: { 200: { description: 'Entries', schema: z.object({ entries: z.array(entrySchema) }) } },
      handle: async ({ query }) => ({
        entries: await firstOf(api.audit({ kind: query.kind, order: 'newest' }), query.limit),
      }),
    }),
    get('/v1/audit/export', {
      tag,
      permission: 'audit:read',
      operationId: 'exportAudit',
      stream: true,
      summary:
        'All entries of the audit log as JSON lines, oldest first; to continue, ask from the time of the last one',
      query: z.strictObject({ kind, from: instant('No earlier entries'), to: instant('No later entries') }),
      answers: { 200: { description: 'One entry a line, as in listAudit', contentType: 'application/x-ndjson' } },
      handle: ({ query, reply }) => sendLines(reply, auditLines(api.audit({ ...query, order: 'oldest' }))),
    }),
  ];
}
