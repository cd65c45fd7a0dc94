// What every role needs: Redis that keeps jobs safely, blob store, tokens, email servers. Opened in this order, released in the reverse one.

import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { createBlobStore } from '../adapters/blobs/index.ts';
import { createTokenProvider, type TokenProvider } from '../adapters/oauth/index.ts';
import { type EmailFlows, openEmailFlows } from '../adapters/queue/email-flows.ts';
import { checkRedis, type RedisCheck } from '../adapters/redis/check.ts';
import { closeRedis, connectRedis, type Redis } from '../adapters/redis/client.ts';
import { type AskDisk, openDisk } from '../adapters/redis/disk.ts';
import { guardKeys } from '../adapters/redis/guard.ts';
import { createLedgers, type Ledgers } from '../adapters/redis/ledgers.ts';
import { createTokenCache } from '../adapters/redis/token-cache.ts';
import { createWake, type Wake } from '../adapters/redis/wake.ts';
import type { Config } from '../config/config.ts';
import type { Loaded } from '../config/load.ts';
import { watchApplications } from '../config/watch-applications.ts';
import type { Message } from '../contract/message.ts';
import { mailboxId, mailboxOfMessageKey } from '../contract/names.ts';
import type { BlobStore } from '../domain/blob-store.ts';
import { type EmailServer, isImap, type OAuthApplication } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import type { ReleaseStack } from '../lib/release-stack.ts';
import { openParsing, type Parsing } from '../parsing/index.ts';
import type { Emit } from '../telemetry/events.ts';

export interface Stores {
  redis: Redis;
  /** Is what was written on Redis's disk? */
  disk: AskDisk;
  flows: EmailFlows;
  ledgers: Ledgers;
  blobs: BlobStore;
  tokens: TokenProvider;
  /** OAuth2 applications as they are now. */
  applications(): readonly OAuthApplication[];
  /** Those that are wrong in the configuration: name → what is wrong. */
  wrongApplications(): ReadonlyMap<string, string>;
  onApplicationsChanged(listener: (changed: ReadonlySet<string>) => void): () => void;
  /** An application gets tokens again after a failure. */
  onTokensAgain(listener: (application: string) => void): () => void;
  wake: Wake;
  parsing: Parsing;
  /** The message of a key, as its job holds it; undefined when the job is gone. */
  readMessage(messageKey: string): Promise<Message | undefined>;
  replica: string;
}

export interface OpenStoresOptions extends Pick<RedisCheck, 'waitMs' | 'signal' | 'writes' | 'onWait'> {
  /** Reads the configuration again. */
  load?: (() => Loaded) | undefined;
  /** Another module for the parser's workers. */
  parserScript?: URL | undefined;
}

/** @throws MailroomError when Redis is unfit, or is not there in time (adapters/redis/check.ts) */
export async function openStores(
  config: Config,
  stack: ReleaseStack,
  emit: Emit,
  servers: () => readonly EmailServer[],
  { load, parserScript, ...waiting }: OpenStoresOptions = {},
): Promise<Stores> {
  if (config.redis.url === undefined) {
    throw new MailroomError('CONFIG_INVALID', {
      message: 'redis.url: must be set (MAILROOM_REDIS_URL)',
      field: 'redis.url',
    });
  }
  const redis = connectRedis({ url: config.redis.url, ...config.redis.tls }, emit);
  stack.defer('redis', () => closeRedis(redis));
  const serverOf = (id: string) => servers().find((server) => isImap(server) && mailboxId(server) === id)?.name;
  guardKeys(redis, { emit, serverOf });
  const { version, appendOnly } = await checkRedis(redis, {
    embedded: config.mode === 'development',
    ...waiting,
  });
  // Neither stops anything: message jobs and ledger rewind together, and that DATA began is marked in the blob store as well. What Redis
  // forgets of replies taken a moment ago is gone, though: their backend has to ask and add them again.
  if (!appendOnly) emit('RedisDurabilityLimited', { reason: 'appendonly is no' });
  else if (Number.parseFloat(version) < 7.2) emit('RedisDurabilityLimited', { reason: 'no WAITAOF before Redis 7.2' });

  const blobs = await createBlobStore(config.blobs);
  stack.defer('blob store', () => blobs.close());

  const applications = watchApplications({ config, emit, ...(load === undefined ? {} : { load }) });
  stack.defer('applications', applications.stop);
  const wake = createWake(redis);
  stack.defer('wake', wake.stop);
  const recovered = new Set<(application: string) => void>();
  const tokens = createTokenProvider({
    applications: applications.current,
    wrongApplications: applications.wrong,
    onRecovered: (application) => {
      for (const listener of recovered) listener(application);
    },
    onSignedIn: (isMeant) => {
      for (const server of servers().filter(isMeant)) wake.tell(server.name).catch(() => {}); // a back-off is waited for then
    },
    cache: createTokenCache({ redis, keys: config.security.cacheKeys }),
    emit,
    servers,
    redirectUris: [`${config.http.publicUrl}/signin/callback`],
    renewAheadSeconds: config.oauth.renewAheadSeconds,
    requestTimeoutMs: config.oauth.requestTimeoutMs,
  });
  stack.defer('token provider', () => tokens.stop());

  const { inlineTextBytes, inlineHtmlBytes, parseTimeoutMs } = config.inbound;
  const parsing = openParsing({
    script: parserScript,
    inlineTextBytes,
    inlineHtmlBytes,
    timeoutMs: parseTimeoutMs,
    onEnded: (reason, detail) => emit('ParserWorkerEnded', { reason, detail: { cause: detail } }),
  });
  stack.defer('parsing', parsing.stop);

  const flows = openEmailFlows(redis);
  stack.defer('email flows', () => flows.close());
  const disk = openDisk(redis);
  const ledgers = createLedgers(redis, disk);
  return {
    redis,
    disk,
    flows,
    ledgers,
    blobs,
    tokens,
    applications: applications.current,
    wrongApplications: applications.wrong,
    onApplicationsChanged: applications.onChange,
    onTokensAgain(listener) {
      recovered.add(listener);
      return () => void recovered.delete(listener);
    },
    wake,
    parsing,
    replica: `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`,
    async readMessage(messageKey) {
      const mailbox = mailboxOfMessageKey(messageKey);
      if (mailbox === undefined) return undefined;
      const { meta } = await ledgers.load(mailbox);
      for (const emailFlow of [...(meta?.emailFlows ?? [])].reverse()) {
        const message = await flows.readMessage(emailFlow, messageKey);
        if (message !== undefined) return message;
      }
      return undefined;
    },
  };
}
