// What a test file of the sending half opens once (Redis) and for each test (sink, replicas), and closes again.
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { BlobStore } from '../../../src/domain/blob-store.ts';
import type { SmtpServer } from '../../../src/domain/email-server.ts';
import { createReplies, type Outbound, type Replies, startOutbound } from '../../../src/outbound/index.ts';
import type { OutboundSettings } from '../../../src/outbound/ports.ts';
import { memoryBlobs, type Rig, rig, type Sink, sentOf, startRedis, startSink, type TestRedis } from './rig.ts';

export interface Replica extends Rig {
  replies: Replies;
  outbound: Outbound;
}

export interface ReplicaOptions {
  servers: SmtpServer[];
  settings?: Partial<OutboundSettings>;
  blobs?: BlobStore;
  /** Before it starts. */
  change?: (one: Rig) => void;
}

/** Registers the hooks of the calling file. */
export function openRoom() {
  let redis: TestRedis;
  let sink: Sink;
  const releases: (() => unknown)[] = [];

  async function end(): Promise<void> {
    for (const release of releases.splice(0).reverse()) await release();
  }

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    sink = await startSink();
  });
  afterEach(async () => {
    await end();
    await sink.stop();
    await redis.client().flushall();
  });

  return {
    get redis() {
      return redis;
    },
    get sink() {
      return sink;
    },
    /** Ends all replicas; the test continues. */
    end,
    /** Called when the test ends, last first. */
    onEnd: (release: () => unknown) => void releases.push(release),
    async replica({ servers, settings, blobs = memoryBlobs(), change = () => {} }: ReplicaOptions): Promise<Replica> {
      const one = rig(redis.client(), servers, sentOf(sink), settings, blobs);
      change(one);
      const outbound = await startOutbound(one.deps);
      releases.push(one.close, outbound.stop);
      return { ...one, outbound, replies: createReplies({ ...one.deps, allServers: () => one.deps.servers() }) };
    },
  };
}
