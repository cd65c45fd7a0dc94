// One replica of the sending half as a process of its own, so that the chaos tests can kill it with -9 and stop it with SIGSTOP. It also kills
// itself, by a seeded dice, before and after each step of a reply's way: what a kill from outside would hit once in a thousand tries.
import { appendFileSync } from 'node:fs';
import { createPace } from '../../src/adapters/redis/pace.ts';
import type { ImapServer, SmtpServer } from '../../src/domain/email-server.ts';
import { MailroomError } from '../../src/domain/errors.ts';
import type { GetToken } from '../../src/domain/mailbox-credentials.ts';
import { startOutbound } from '../../src/outbound/index.ts';
import type { OutboundDeps, SentFolder } from '../../src/outbound/ports.ts';
import { openTestOutbound } from '../support/outbound.ts';
import { seededRandom } from '../support/random.ts';
import { sentFinding } from '../support/smtp-sink.ts';

export interface WorkerSettings {
  redisUrl: string;
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

/** Each reply that is settled is on the queue reply-outcomes. */
export const STORM = { outcomes: true };

/** Every step at which a reply's fate turns, with a dice before and after. Now and then the blob store takes no mark. */
function mortal(deps: OutboundDeps, { death, deathsFile, seed }: WorkerSettings): void {
  if (death === 0) return;
  const random = seededRandom(seed);
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
  const sent: SentFolder = {
    async search(_server, { replyId }) {
      const answer = await fetch(`${settings.sentUrl}/${encodeURIComponent(replyId)}`).catch(() => undefined);
      if (answer === undefined || !answer.ok) throw new MailroomError('SENT_SEARCH_FAILED');
      return sentFinding(((await answer.json()) as { copies: number }).copies);
    },
    append: async () => 'was-there',
  };
  const getToken: GetToken = async (_server, _protocol, options) => {
    const answer = await fetch(`${settings.sentUrl}/token${options?.renew === true ? '?renew' : ''}`);
    return { accessToken: await answer.text(), expiresAt: new Date(Date.now() + 3_600_000) };
  };
  const { redisUrl, blobFolder, server, imap, paceWindowMs } = settings;
  const { deps, stores } = await openTestOutbound({
    redisUrl,
    blobFolder,
    ...STORM,
    getToken,
    ...(imap === undefined ? { servers: [server], sent } : { servers: [server, imap] }),
    settings: { waitScale: 0.02, slotTtlMs: 800, settleMs: 1_500, firstLookMs: 300, leaseMs: 1_200, restingMs: 5_000 },
  });
  if (paceWindowMs !== undefined) deps.pace = createPace(stores.redis, paceWindowMs);
  mortal(deps, settings);
  await startOutbound(deps);
  process.send?.('ready');
}

if (process.argv[2] === 'work') await main(JSON.parse(process.argv[3] ?? '{}') as WorkerSettings);
