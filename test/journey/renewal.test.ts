// Short-lived tokens with real MSAL, two replicas, sessions cut by AccessTokenExpired: mail comes in and replies go out all the while, each
// mailbox is watched without a gap worth naming, and each renewal costs one token request, whatever the number of mailboxes and replicas.
// Here with tokens of 16 seconds; TEST_LENGTH=long: of six minutes (MSAL's own cache would never hold shorter ones), for fourteen.
import { expect, it } from 'vitest';
import { startSandbox } from '../../src/sandbox/index.ts';
import { fixture } from '../support/fixture.ts';
import { journey, replyJob, sandboxApplication } from '../support/journey.ts';
import { startRedis } from '../support/redis.ts';
import { waitFor } from '../support/temp.ts';

const LONG = process.env.TEST_LENGTH === 'long';
const LIFE_SECONDS = LONG ? 360 : 16;
const RUN_MS = LONG ? 14 * 60_000 : 46_000;
/** A session is cut this often; every other time the token is refused from then on, too. */
const CUT_MS = LONG ? 340_000 : 20_000;
const MAIL_MS = LONG ? 2_000 : 500;
const BOXES = Array.from({ length: 6 }, (_, i) => `box${i}@contoso.example`);
const JANE = 'jane@customer.example';
const CLIENT = '0b1c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d';
const SECRET = 'renewal~client~secret~value';

const redis = fixture(startRedis);
const sandbox = fixture(() =>
  startSandbox({
    users: [...BOXES.map((address) => ({ address, kind: 'shared' as const })), { address: JANE, kind: 'customer' }],
    applications: [{ clientId: CLIENT, secret: SECRET }],
    tokenLifetimeSeconds: LIFE_SECONDS,
  }),
);

/** More than this between two looks is the observer's own sleep on a loaded machine, and says nothing of the mailbox, ms. */
const LOOK_MS = 50;

/** Longest time, ms, in which a mailbox had no connection in IDLE; by looking often. */
function watchCoverage() {
  const without = new Map(BOXES.map((box) => [box, 0]));
  let lastLook = performance.now();
  let [longestMs, mostConnections, longestSleepMs] = [0, 0, 0];
  const look = () => {
    const at = performance.now();
    const sinceMs = at - lastLook;
    lastLook = at;
    longestSleepMs = Math.max(longestSleepMs, sinceMs);
    const sessions = sandbox.sessions();
    for (const box of BOXES) {
      const own = sessions.filter(({ mailbox }) => mailbox === box);
      mostConnections = Math.max(mostConnections, own.length);
      const ms = own.some(({ idling }) => idling) ? 0 : (without.get(box) ?? 0) + Math.min(sinceMs, LOOK_MS);
      without.set(box, ms);
      longestMs = Math.max(longestMs, ms);
    }
  };
  const timer = setInterval(look, 5);
  return {
    stop() {
      clearInterval(timer);
      return { longestMs, mostConnections, longestSleepMs };
    },
  };
}

it(
  'watches without a gap, sends without a failure, and requests one token for each renewal',
  async () => {
    const oauth = { host: 'localhost', authenticationType: 'OAuth2', application: 'Sandbox', signIn: 'appOnly' };
    const common = { ...oauth, tls: true, enabled: true };
    const j = journey({
      redisUrl: redis.url,
      ca: sandbox.caPem,
      emailServers: BOXES.flatMap((user) => [
        { ...common, serverType: 'IMAP', name: `${user} in`, port: sandbox.imap.port, user, emailFlow: 'Support' },
        {
          ...common,
          serverType: 'SMTP',
          name: `${user} out`,
          port: sandbox.smtp.port,
          user,
          additionalEmailFromAddresses: [user],
          pace: { perMinute: 10_000 },
        },
      ]),
      settings: {
        log: { level: 'debug' },
        inbound: { startStaggerMs: 0 },
        oauthApplications: [sandboxApplication(sandbox, CLIENT)],
      },
      env: { MAILROOM_SECRET_APP: SECRET },
    });
    try {
      const replicas = [j.start(['serve']), j.start(['serve'])];
      const idling = () => new Set(sandbox.sessions().flatMap((one) => (one.idling ? [one.mailbox] : []))).size;
      for (const one of replicas) await one.waitForEvent('GatewayStarted', () => true, { timeoutMs: 60_000 });
      // Both alive, the mailboxes placed, nothing moves any more.
      const moves = () => replicas.reduce((sum, one) => sum + one.events('MailboxStopped').length, 0);
      let settledAt = 0;
      let seen = -1;
      await waitFor(
        () => {
          if (moves() !== seen || idling() < BOXES.length) [seen, settledAt] = [moves(), Date.now()];
          return Date.now() - settledAt > 4_000;
        },
        { timeoutMs: 60_000 },
      );

      const replies: string[] = [];
      let mails = 0;
      /** A mail to the next mailbox, and a reply from it. */
      const both = async (): Promise<void> => {
        const box = BOXES[mails % BOXES.length] ?? '';
        mails += 1;
        sandbox.mailboxes.deliver(
          box,
          `From: <${JANE}>\r\nTo: <${box}>\r\nSubject: ${mails}\r\nMessage-ID: <r-${mails}@customer.example>\r\n\r\nx\r\n`,
          JANE,
        );
        const replyId = `renewal-${mails}`;
        replies.push(replyId);
        await j.addReply(`${box} out`, { replyId, from: box, to: [JANE], subject: `Re: ${mails}`, text: 'y' });
      };
      // The first mail of a replica waits for the start of the threads that read it.
      for (const _ of BOXES) await both();
      await j.waitForMessages('Support', mails);
      await waitFor(() => idling() === BOXES.length);

      const coverage = watchCoverage();
      const cuts: number[] = [];
      const began = Date.now();
      let nextCut = began + CUT_MS;
      while (Date.now() - began < RUN_MS) {
        await both();
        if (Date.now() >= nextCut) {
          nextCut += CUT_MS;
          const refuse = cuts.length % 2 === 1;
          cuts.push(Date.now());
          sandbox.faults.set({ name: 'tokenExpiredNow', ...(refuse ? { refuseOldTokens: true } : {}) });
        }
        await new Promise((resolve) => setTimeout(resolve, MAIL_MS));
      }
      for (const [index, replyId] of replies.entries()) {
        const result = await j.result(`${BOXES[index % BOXES.length]} out`, replyJob(replyId), 60_000);
        expect(result).toMatchObject({ state: 'accepted' });
      }
      const { longestMs, mostConnections, longestSleepMs } = coverage.stop();
      const messages = await j.waitForMessages('Support', mails);
      expect(new Set(messages.map(({ threading }) => threading.messageId)).size).toBe(mails);
      expect(messages).toHaveLength(mails);
      expect(new Set(sandbox.submissions().map(({ messageId }) => messageId)).size).toBe(replies.length);
      expect(sandbox.submissions()).toHaveLength(replies.length);

      const events = (name: string) => replicas.flatMap((one) => one.events(name));
      const issued = events('TokenIssued')
        .map(({ time }) => Date.parse(String(time)))
        .sort((a, b) => a - b);
      const renewed = events('MailboxRenewed').length;
      process.stdout.write(
        `renewal: ${mails} mails and replies, ${renewed} planned renewals, ${cuts.length} cuts, ${issued.length} token requests, ` +
          `longest time without IDLE ${Math.round(longestMs)} ms, at most ${mostConnections} connections for a mailbox; the observer slept ${Math.round(longestSleepMs)} ms at most\n`,
      );
      expect(longestMs).toBeLessThan(2_000);
      expect(mostConnections).toBeLessThanOrEqual(2);
      expect(renewed).toBeGreaterThan(0);
      // One request for each renewal: never two within the time that a token serves, but where a session was cut because of its token.
      expect(issued).toHaveLength(sandbox.oauth.tokenRequests());
      for (const [index, at] of issued.entries()) {
        const before = issued[index - 1];
        if (before === undefined || cuts.some((cut) => cut >= before - 1_000 && cut <= at)) continue;
        expect(at - before, `requests ${index - 1} and ${index}`).toBeGreaterThan(LIFE_SECONDS * 600);
      }
      for (const cut of cuts)
        expect(issued.filter((at) => at >= cut && at < cut + 5_000).length, 'requests after a cut').toBeLessThanOrEqual(
          1,
        );
    } finally {
      await j.stop();
    }
  },
  RUN_MS + 180_000,
);
