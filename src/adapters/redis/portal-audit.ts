// Audit log of the portal: one bounded stream in Redis, newest kept. Values arrive here masked.
import type { Redis } from 'ioredis';
import { prefixOf, type Scope } from '../../domain/keys.ts';
import type { AuditEntry, AuditLog } from '../../http/ports.ts';
import { objectIn } from './structures.ts';

export const auditKey = (of: Scope) => `${prefixOf(of)}:portal:audit`;

/** @param keep entries kept, about */
export function createPortalAudit(redis: Redis, keep = 10_000, now: () => number = Date.now): AuditLog {
  const stream = auditKey(redis);
  return {
    async write(record) {
      const entry: AuditEntry = { at: new Date(now()).toISOString(), ...record };
      await redis.xadd(stream, 'MAXLEN', '~', keep, '*', 'entry', JSON.stringify(entry));
    },
    async read(limit) {
      const rows = await redis.xrevrange(stream, '+', '-', 'COUNT', limit);
      return rows.flatMap(([, fields]) => recordIn(fields[1] ?? '') ?? []);
    },
  };
}

/** Undefined for an entry that is none: the others are shown. */
function recordIn(text: string): AuditEntry | undefined {
  const record = objectIn(text) as Partial<AuditEntry> | undefined;
  if (record === undefined || !Number.isFinite(Date.parse(String(record.at)))) return undefined;
  const { at, by = '', action = '', server = '', changes, revision } = record;
  return {
    at: String(at),
    by: String(by),
    action: String(action),
    server: String(server),
    changes: Array.isArray(changes) ? changes : [],
    ...(typeof revision === 'string' ? { revision } : {}),
  };
}
