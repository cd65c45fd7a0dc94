// One replica of the sending half as a process of its own, so that the chaos test can kill it with -9. Blobs are files, Sent is asked of the test.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { createSentFolder } from '../../src/adapters/imap/sent-folder.ts';
import type { GetToken } from '../../src/adapters/smtp/submitter.ts';
import type { BlobStore } from '../../src/domain/blob-store.ts';
import type { ImapServer, SmtpServer } from '../../src/domain/email-server.ts';
import { MailroomError } from '../../src/domain/errors.ts';
import { startOutbound } from '../../src/outbound/index.ts';
import type { SentFolder } from '../../src/outbound/ports.ts';
import { openSubmitterWith } from '../integration/outbound/exchange-rig.ts';
import { memoryBlobs, rig } from '../integration/outbound/rig.ts';

export interface WorkerSettings {
  redisPort: number;
  server: SmtpServer;
  /** Of the test: GET /<replyId> says how many copies are in Sent; GET /token gives an access token. */
  sentUrl: string;
  blobFolder: string;
  /** Sent is read here over IMAP instead. */
  imap?: ImapServer;
}

export const GENEROUS = { pace: { perMinute: 1_000_000, connections: 4, recipientsPerDay: 10_000_000 } };

export function fileBlobs(folder: string): BlobStore {
  mkdirSync(folder, { recursive: true });
  const put = (bytes: Uint8Array) => {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const path = join(folder, sha256);
    if (!existsSync(path)) {
      const temporary = `${path}.${process.pid}.${Math.random()}`;
      writeFileSync(temporary, bytes);
      renameSync(temporary, path);
    }
    return { blob: sha256, size: bytes.length, sha256 };
  };
  return {
    ...memoryBlobs(),
    put: async (bytes) => put(bytes),
    putMany: async (list) => list.map(put),
    async *read(key) {
      // In pieces, so that a kill may fall between them.
      const bytes = readFileSync(join(folder, key));
      for (let at = 0; at < bytes.length; at += 4_096) yield bytes.subarray(at, at + 4_096);
    },
  };
}

async function main(settings: WorkerSettings): Promise<void> {
  const redis = new Redis({
    port: settings.redisPort,
    host: '127.0.0.1',
    maxRetriesPerRequest: null,
    retryStrategy: () => 50,
  });
  redis.on('error', () => {});
  const sent: SentFolder = {
    async search(_server, { replyId }) {
      const answer = await fetch(`${settings.sentUrl}/${encodeURIComponent(replyId)}`).catch(() => undefined);
      if (answer === undefined || !answer.ok) throw new MailroomError('SENT_SEARCH_FAILED');
      const { copies } = (await answer.json()) as { copies: number };
      return copies > 0
        ? { found: true, by: 'reply-id', folder: 'Sent', messageId: undefined, copies }
        : { found: false, folder: 'Sent', looked: 1 };
    },
    append: async () => 'was-there',
  };
  const getToken: GetToken = async (_server, _protocol, options) => {
    const answer = await fetch(`${settings.sentUrl}/token${options?.renew === true ? '?renew' : ''}`);
    return { accessToken: await answer.text(), expiresAt: new Date(Date.now() + 3_600_000) };
  };
  const { imap } = settings;
  const one = rig(
    redis,
    [settings.server],
    imap === undefined ? sent : createSentFolder({ getToken, imapServers: () => [imap] }),
    { waitScale: 0.02, slotTtlMs: 800, settleMs: 1_500, firstLookMs: 300, leaseMs: 1_200 },
    fileBlobs(settings.blobFolder),
  );
  if (settings.server.authentication.type === 'OAuth2')
    one.deps.openSubmitter = openSubmitterWith(getToken, undefined, 2_000);
  await startOutbound(one.deps);
  process.send?.('ready');
}

if (process.argv[2] === 'work') await main(JSON.parse(process.argv[3] ?? '{}') as WorkerSettings);
