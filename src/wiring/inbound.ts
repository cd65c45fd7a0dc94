// Wires the inbound side to its adapters: IMAP, Redis, BullMQ, blob store, parser.

import { openMailbox } from '../adapters/imap/connection.ts';
import { openCommit } from '../adapters/queue/commit.ts';
import type { EmailFlows } from '../adapters/queue/email-flows.ts';
import type { Redis } from '../adapters/redis/client.ts';
import { createSharedClock } from '../adapters/redis/clock.ts';
import { createLeases } from '../adapters/redis/lease.ts';
import type { Ledgers } from '../adapters/redis/ledgers.ts';
import { createLoginSlots } from '../adapters/redis/login-slots.ts';
import { createPressure } from '../adapters/redis/pressure.ts';
import type { Config } from '../config/config.ts';
import type { BlobStore } from '../domain/blob-store.ts';
import { PENDING_DELAYS } from '../domain/ledger.ts';
import { type Inbound, type InboundPorts, type InboundSettings, startInbound } from '../inbound/index.ts';
import type { ReplyLookup } from '../operations/conversations.ts';
import type { Parsing } from '../parsing/index.ts';
import type { Emit } from '../telemetry/events.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { hostPolicyOf } from './host-policy.ts';
import { ingestDeps } from './ingest-deps.ts';

export interface InboundWiring {
  config: Config;
  redis: Redis;
  flows: EmailFlows;
  ledgers: Ledgers;
  blobs: BlobStore;
  parsing: Parsing;
  getToken: InboundPorts['getToken'];
  lookupReply: ReplyLookup;
  emit: Emit;
  metrics: Metrics;
  replica: string;
}

const DAY_SECONDS = 86_400;
/** What is held in memory of one message; beyond it streams. */
const BUFFER_BYTES = 8 * 1024 * 1024;

export async function openInbound(wiring: InboundWiring): Promise<Inbound> {
  const { config, redis, flows, ledgers, blobs, parsing, emit, metrics, replica } = wiring;
  const { inbound } = config;
  const settings = inboundSettings(config);
  const { guardOf } = hostPolicyOf(config);
  const commit = await openCommit(redis, flows.queueOf, {
    keepCompletedSeconds: inbound.completedJobRetentionDays * DAY_SECONDS,
    keepFailedSeconds: 30 * DAY_SECONDS,
    keepFingerprintsSeconds: 90 * DAY_SECONDS,
    keepSiblingsSeconds: 3 * DAY_SECONDS,
  });
  const timeouts = { connectMs: 20_000, answerMs: Math.max(1_000, settings.deadAfterMs * 0.3) };
  const clock = createSharedClock(redis);
  await clock.sync();
  return startInbound({
    ...ingestDeps(config, { redis, blobs, ledgers, parsing }, wiring.lookupReply, emit),
    openMailbox: (server, credentials) => openMailbox(server, credentials, timeouts, guardOf(server)),
    getToken: wiring.getToken,
    commit,
    ledgers,
    blobs,
    leases: createLeases(redis, replica, settings.leaseMs, clock),
    loginSlot: createLoginSlots(redis, inbound.loginsPerSecond),
    pressure: createPressure(redis, flows.backlog, inbound.maxBacklogPerFlow),
    metrics,
    settings,
    replica,
    now: clock.now,
    monotonic: () => performance.now(),
    random: Math.random,
  });
}

function inboundSettings({ inbound }: Config): InboundSettings {
  return {
    startStaggerMs: inbound.startStaggerMs,
    idleRenewMs: inbound.idleRenewSeconds * 1000,
    deadAfterMs: inbound.deadAfterSeconds * 1000,
    reconcileMs: inbound.reconcileSeconds * 1000,
    leaseMs: inbound.leaseSeconds * 1000,
    batchCount: inbound.batchCount,
    batchBytes: inbound.batchBytes,
    maxBacklogPerFlow: inbound.maxBacklogPerFlow,
    backoff: inbound.backoff,
    slowCapMs: 5 * 60_000,
    passwordCapMs: 15 * 60_000,
    provenMs: 5 * 60_000,
    bufferBytes: BUFFER_BYTES,
    pendingDelays: PENDING_DELAYS,
  };
}
