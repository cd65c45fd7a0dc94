// The portal's first page and `GET /v1/status`: flows, mailboxes, sending servers with their used pace, replicas, and what needs attention
// in the complete state.

import type { EmailServerWatch } from '../config/watch.ts';
import { attentionOf } from '../domain/attention.ts';
import { isDelegated } from '../domain/email-server.ts';
import { codeOfError } from '../domain/errors.ts';
import { countOf } from '../domain/reply-queues.ts';
import type { OperationsApi } from '../http/api/operations.ts';
import type { Overview } from '../http/portal/deps.ts';
import { keptFor } from '../lib/kept-for.ts';
import { DAY_MS } from '../lib/time.ts';
import type { ReplyRoom } from '../wiring/outbound.ts';
import type { Stores } from '../wiring/stores.ts';
import type { EmailServerAdmin } from './email-servers.ts';

/** Milliseconds that values are cached that change slowly or cost a write: state of the stores, expiry of sign-ins. */
const STORES_MS = 10_000;
const SIGN_INS_MS = 60_000;
/** Milliseconds for a write to Redis. */
const REDIS_ANSWER_MS = 2_000;

interface OverviewDeps {
  watch: EmailServerWatch;
  stores: Stores;
  room: Pick<ReplyRoom, 'queues'>;
  admin: Pick<EmailServerAdmin, 'list'>;
  emailFlows: OperationsApi['emailFlows'];
  /** 0: no mailbox counts as silent. */
  silenceMs: number;
  /** ms without a heartbeat after which a replica counts as dead. */
  aliveMs: number;
}

export function createOverview(deps: OverviewDeps): () => Promise<Overview> {
  const { watch, stores, room, admin, emailFlows, silenceMs, aliveMs } = deps;
  const { view, register, ledgers } = stores;

  const storesState = keptFor(async () => {
    const [redis, blobs, damaged] = await Promise.all([
      stores.redisFault(REDIS_ANSWER_MS),
      stores.blobs.check().then(() => undefined, codeOfError),
      stores.quarantinedKeys(),
    ]);
    return { redis: redis?.code, blobs, damagedKeys: damaged.length };
  }, STORES_MS);

  const signInEnds = keptFor(async () => {
    const delegated = watch.current().servers.filter(isDelegated);
    const ends = await Promise.all(
      delegated.map(async (server) => {
        // An unreadable sign-in is reported elsewhere.
        const signIn = await stores.tokens.signedIn(server).catch(() => undefined);
        return signIn === undefined ? [] : [[server.name, signIn.endsAt.getTime()] as const];
      }),
    );
    return new Map(ends.flat());
  }, SIGN_INS_MS);

  async function replyCounts() {
    const [held, uncertain, retrying, failed] = await Promise.all([
      view.repliesIn('held'),
      view.repliesIn('uncertain'),
      view.retryingReplies(),
      view.repliesSince('rejected', DAY_MS),
    ]);
    return { held, uncertain, retrying, failed };
  }

  async function goneServers(): Promise<{ server: string; waiting: number }[]> {
    const known = new Set(watch.current().servers.map(({ name }) => name.normalize('NFC')));
    const names = (await register.gone()).filter(({ name }) => !known.has(name));
    const waits = await Promise.all(
      names.map(async ({ name }) => ({ server: name, waiting: countOf(await room.queues.counts(name)) })),
    );
    return waits.filter(({ waiting }) => waiting > 0);
  }

  return async function overview(): Promise<Overview> {
    const [gone, flows, views, held, quarantined, replicas, replies, state, ends] = await Promise.all([
      goneServers(),
      emailFlows(),
      admin.list(),
      view.heldByServer(),
      ledgers.mailboxIds().then(view.quarantined),
      view.replicasAlive(aliveMs),
      replyCounts(),
      storesState(),
      signInEnds(),
    ]);
    const attention = attentionOf(
      {
        ...state,
        ...stores.redisFitness(),
        gone,
        flows,
        servers: views,
        quarantined,
        replicas,
        replies,
        silenceMs,
        signInEnds: ends,
      },
      Date.now(),
    );
    const senders = views.filter(({ serverType }) => serverType === 'SMTP');
    return {
      attention,
      replies,
      flows,
      mailboxes: views.filter(({ serverType }) => serverType !== 'SMTP'),
      senders: senders.map((one) => ({ ...one, live: { ...one.live, held: held.get(one.name) ?? 0 } })),
      quarantined,
      replicas,
    };
  };
}
