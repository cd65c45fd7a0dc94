// Whether this process does its roles' work: the content of /healthz and /readyz.
import type { EmailServerWatch } from '../config/watch.ts';
import { asError, MailroomError } from '../domain/errors.ts';
import type { Health, HealthCheck } from '../http/index.ts';
import type { Inbound } from '../inbound/index.ts';
import { defined } from '../lib/defined.ts';
import type { Outbound } from '../outbound/index.ts';
import type { Stores } from '../wiring/stores.ts';

interface HealthDeps {
  stores: Pick<Stores, 'redis' | 'blobs' | 'redisFault'>;
  inbound: Inbound | undefined;
  outbound: Outbound | undefined;
  servers: EmailServerWatch;
}

/** Milliseconds for a write: an orchestrator's probe waits a second or two. */
const REDIS_ANSWER_MS = 1_000;

/** Back-off of a mailbox is the mailbox's state, not the process's. */
export async function healthOf({ stores, inbound, outbound, servers }: HealthDeps): Promise<Health> {
  const [redis, blobs] = await Promise.all([
    stores.redisFault(REDIS_ANSWER_MS),
    stores.blobs.check().then(
      () => undefined,
      (error: unknown) => error,
    ),
  ]);
  const checks: Record<string, HealthCheck> = {
    redis: checkOf(redis, stores.redis.status),
    blobs: checkOf(blobs),
    emailServers: {
      ok: true,
      state: `${servers.current().servers.length} defined, ${servers.current().invalid.length} invalid`,
    },
  };
  for (const mailbox of inbound?.status() ?? []) {
    checks[`mailbox ${mailbox.server}`] = {
      ok: mailbox.state !== 'backing-off',
      state: mailbox.reason ? `${mailbox.state}: ${mailbox.reason}` : mailbox.state,
    };
  }
  if (redis === undefined) {
    for (const server of (await outbound?.status()) ?? []) {
      checks[`smtp ${server.server}`] = {
        ok: server.state !== 'paused',
        state: server.pause ? `paused: ${server.pause.code}` : server.state,
      };
    }
  }
  return { ready: redis === undefined && blobs === undefined, checks };
}

/** A failure as a check: the problem and what to do. */
export function checkOf(fault: unknown, state?: string): HealthCheck {
  if (fault === undefined) return { ok: true, ...defined({ state }) };
  const { code, hint } = fault instanceof MailroomError ? fault : { code: asError(fault).name, hint: undefined };
  return { ok: false, ...defined({ state }), code, ...defined({ hint }) };
}
