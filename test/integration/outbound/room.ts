// What a test file of the sending half opens once (Redis) and for each test (sink, blob folder, replicas), and closes again.
import { afterEach, beforeEach } from 'vitest';
import type { ReplyInput } from '../../../src/contract/reply.ts';
import { createReplies, type Outbound, type Replies, startOutbound } from '../../../src/outbound/index.ts';
import { openTestOutbound, type TestOutbound, type TestOutboundOptions } from '../../support/outbound.ts';
import { redisRoom } from '../../support/redis.ts';
import { type Sink, sentOf, startSink } from '../../support/smtp-sink.ts';
import { type TempDir, tempDir, waitFor } from '../../support/temp.ts';

/** A replica that submits and looks up replies, and sends none. */
export interface Waiting extends TestOutbound {
  replies: Replies;
  /** Waits until the reply is in this state. */
  reached(replyId: string, state: string, timeoutMs?: number): Promise<void>;
}

export interface Replica extends Waiting {
  outbound: Outbound;
}

export interface ReplicaOptions extends Omit<TestOutboundOptions, 'redisUrl' | 'blobFolder'> {
  /** Before it starts. */
  change?: ((one: TestOutbound) => void) | undefined;
}

/** Replies with an id of their own each, to a customer of their own at this domain. */
export function replyMaker(prefix: string, fixed: Partial<ReplyInput> = {}, domain = 'example.net') {
  let n = 0;
  return (more: Partial<ReplyInput> = {}): ReplyInput & { replyId: string } => {
    n += 1;
    return {
      schema: 'mailroom.reply/1',
      server: 'sink',
      to: [`customer${n}@${domain}`],
      subject: 'Re',
      text: 'x',
      ...fixed,
      ...more,
      replyId: more.replyId ?? `${prefix}-${n}`,
    };
  };
}

/**
 * Registers the hooks of the calling file. All replicas of a test share Redis and blobs: they are one installation.
 * @param options.sink false where the other end is a whole server
 */
export function openRoom(options: { sink?: boolean } = {}) {
  const redis = redisRoom();
  let sink: Sink | undefined;
  let dir: TempDir;
  const releases: (() => unknown)[] = [];

  async function end(): Promise<void> {
    for (const release of releases.splice(0).reverse()) await release();
  }
  function theSink(): Sink {
    if (sink === undefined) throw new Error('this room has no sink');
    return sink;
  }

  beforeEach(async () => {
    dir = tempDir('outbound', { inMemory: true });
    if (options.sink !== false) sink = await startSink();
  });
  afterEach(async () => {
    await end();
    await sink?.stop();
    dir.remove();
  });

  async function waiting({ change, ...given }: ReplicaOptions): Promise<Waiting> {
    const sent = sink === undefined ? {} : { sent: sentOf(sink) };
    const one = await openTestOutbound({ ...sent, ...given, redisUrl: redis.url, blobFolder: dir.path });
    releases.push(one.close);
    change?.(one);
    const replies = createReplies({ ...one.deps, allServers: () => one.deps.servers() });
    return {
      ...one,
      replies,
      async reached(replyId, state, timeoutMs = 30_000) {
        const found = async () => (await replies.getReply(replyId))?.state === state;
        await waitFor(found, { timeoutMs, describe: `${replyId} ${state}` });
      },
    };
  }

  return {
    redis,
    get blobFolder() {
      return dir.path;
    },
    get sink() {
      return theSink();
    },
    /** Another sink in the place of this test's, before a replica knows its port. */
    async replaceSink(settings: Parameters<typeof startSink>[0]): Promise<void> {
      await theSink().stop();
      sink = await startSink(settings);
    },
    /** Ends all replicas; the test continues. */
    end,
    /** Called when the test ends, last first. */
    onEnd: (release: () => unknown) => void releases.push(release),
    waiting,
    async replica(given: ReplicaOptions): Promise<Replica> {
      const one = await waiting(given);
      const outbound = await startOutbound(one.deps);
      releases.push(outbound.stop);
      return { ...one, outbound };
    },
  };
}
