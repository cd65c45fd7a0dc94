// What a test file of the sending half opens once (Redis) and for each test (sink, replicas), and closes again.
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { ReplyInput } from '../../../src/contract/reply.ts';
import type { BlobStore } from '../../../src/domain/blob-store.ts';
import type { SmtpServer } from '../../../src/domain/email-server.ts';
import { createReplies, type Outbound, type Replies, startOutbound } from '../../../src/outbound/index.ts';
import type { OutboundSettings, SentFolder } from '../../../src/outbound/ports.ts';
import { memoryBlobs, type Rig, rig, type Sink, sentOf, startRedis, startSink, type TestRedis, until } from './rig.ts';

export interface Replica extends Rig {
  replies: Replies;
  outbound: Outbound;
  /** Waits until the reply is in this state. */
  reached(replyId: string, state: string): Promise<void>;
}

export interface ReplicaOptions {
  servers: SmtpServer[];
  settings?: Partial<OutboundSettings> | undefined;
  /** Replicas that share a blob store are replicas of one installation. */
  blobs?: BlobStore | undefined;
  /** Default: what the sink has received. */
  sent?: SentFolder | undefined;
  /** Before it starts. */
  change?: ((one: Rig) => void) | undefined;
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
 * Registers the hooks of the calling file.
 * @param options.sink false where the other end is a whole server
 */
export function openRoom(options: { sink?: boolean } = {}) {
  let redis: TestRedis;
  let sink: Sink | undefined;
  const releases: (() => unknown)[] = [];

  async function end(): Promise<void> {
    for (const release of releases.splice(0).reverse()) await release();
  }
  function theSink(): Sink {
    if (sink === undefined) throw new Error('this room has no sink');
    return sink;
  }

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    if (options.sink !== false) sink = await startSink();
  });
  afterEach(async () => {
    await end();
    await sink?.stop();
    await redis.client().flushall();
  });

  return {
    get redis() {
      return redis;
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
    async replica({
      servers,
      settings,
      blobs = memoryBlobs(),
      sent = sentOf(theSink()),
      change = () => {},
    }: ReplicaOptions): Promise<Replica> {
      const one = rig(redis.client(), servers, sent, settings, blobs);
      change(one);
      const outbound = await startOutbound(one.deps);
      releases.push(one.close, outbound.stop);
      const replies = createReplies({ ...one.deps, allServers: () => one.deps.servers() });
      return {
        ...one,
        outbound,
        replies,
        reached: (replyId, state) =>
          until(`${replyId} ${state}`, async () => (await replies.getReply(replyId))?.state === state),
      };
    },
  };
}
