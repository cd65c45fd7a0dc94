// One replica of the sending half as a process of its own, so that the chaos tests can kill it with -9 and stop it with SIGSTOP. It also kills
// itself, by a seeded dice, before and after each step of a reply's way: what a kill from outside would hit once in a thousand tries.
import { appendFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { openFolder } from '../../src/adapters/blobs/folder.ts';
import { createStore } from '../../src/adapters/blobs/store.ts';
import { createSentFolder } from '../../src/adapters/imap/sent-folder.ts';
import { openOutcomes } from '../../src/adapters/queue/outcomes.ts';
import { createJournal, journalDefaults } from '../../src/adapters/redis/journal.ts';
import { createPace } from '../../src/adapters/redis/pace.ts';
import type { GetToken } from '../../src/adapters/smtp/submitter.ts';
import type { BlobStore } from '../../src/domain/blob-store.ts';
import type { ImapServer, SmtpServer } from '../../src/domain/email-server.ts';
import { MailroomError } from '../../src/domain/errors.ts';
import type { Journal } from '../../src/domain/reply-journal.ts';
import { startOutbound } from '../../src/outbound/index.ts';
import type { OutboundDeps, SentFolder } from '../../src/outbound/ports.ts';
import { openSubmitterWith } from '../integration/outbound/exchange-rig.ts';
import { rig } from '../integration/outbound/rig.ts';
import { randomOf } from './random.ts';

export interface WorkerSettings {
  redisPort: number;
  server: SmtpServer;
  /** Of the test: GET /<replyId> says how many copies are in Sent; GET /token gives an access token. */
  sentUrl: string;
  blobFolder: string;
  /** Sent is read here over IMAP instead. */
  imap?: ImapServer;
  /** How likely each step of a reply is the last of this process; 0: it never kills itself. */
  death: number;
  /** One line a death: the step. */
  deathsFile: string;
  seed: number;
  /** A minute of the pace, shorter. */
  paceWindowMs?: number;
}

/** The production folder store. */
export const stormBlobs = async (folder: string): Promise<BlobStore> => createStore(await openFolder(folder));

/** Tells of each reply that is settled on the queue reply-outcomes. */
export const stormJournal = async (redis: Redis): Promise<Journal> =>
  createJournal(
    redis,
    journalDefaults,
    undefined,
    await openOutcomes(redis, { keepCompletedSeconds: 3_600, keepFailedSeconds: 3_600 }),
  );

/** Every step at which a reply's fate turns, with a dice before and after. Now and then the blob store takes no mark. */
function mortal(deps: OutboundDeps, { death, deathsFile, seed }: WorkerSettings): void {
  if (death === 0) return;
  const random = randomOf(seed);
  const dice = (step: string) => {
    if (random() >= death) return;
    appendFileSync(deathsFile, `${step}\n`);
    process.kill(process.pid, 'SIGKILL');
  };
  const { journal, blobs } = deps;
  const { transition } = journal;
  journal.transition = async (replyId, plan) => {
    dice(`before ${plan.to}`);
    const moved = await transition(replyId, plan);
    dice(`after ${plan.to}`);
    return moved;
  };
  deps.blobs = {
    ...blobs,
    async createMarker(name) {
      if (random() < 24 * death) throw new MailroomError('BLOB_STORE_UNAVAILABLE');
      const made = await blobs.createMarker(name);
      dice('after the mark');
      return made;
    },
  };
  const { openSubmitter } = deps;
  deps.openSubmitter = (server) => {
    const submitter = openSubmitter(server);
    return { ...submitter, submit: (mail) => submitter.submit({ ...mail, bytes: () => inPieces(mail.bytes()) }) };
  };
  /** What goes to the wire, wherever it comes from, in pieces, so that an end may fall between them. */
  async function* inPieces(mail: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let pieces = 0;
    for await (const bytes of mail) {
      for (let at = 0; at < bytes.length; at += 4_096) {
        if (pieces++ === 1) dice('inside DATA');
        yield bytes.subarray(at, at + 4_096);
      }
    }
    // The dot goes out with the next turns of the event loop.
    setTimeout(() => dice('after the dot'), random() * 4);
  }
}

async function main(settings: WorkerSettings): Promise<void> {
  // The test is gone, however it ended: nothing is left running.
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
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
    { waitScale: 0.02, slotTtlMs: 800, settleMs: 1_500, firstLookMs: 300, leaseMs: 1_200, restingMs: 5_000 },
    await stormBlobs(settings.blobFolder),
  );
  one.deps.journal = await stormJournal(redis);
  if (settings.server.authentication.type === 'OAuth2')
    one.deps.openSubmitter = openSubmitterWith(getToken, undefined, 2_000);
  if (settings.paceWindowMs !== undefined) one.deps.pace = createPace(redis, settings.paceWindowMs);
  mortal(one.deps, settings);
  await startOutbound(one.deps);
  process.send?.('ready');
}

if (process.argv[2] === 'work') await main(JSON.parse(process.argv[3] ?? '{}') as WorkerSettings);
