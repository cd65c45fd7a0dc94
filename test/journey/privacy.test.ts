// Everything kept of one person, exported and erased, with real processes: 50 mails and replies of hers in every state. Afterwards her address, name,
// subject and words are in no key of Redis, no blob, no log, no metric and no page; another customer's are all there.
import { readFileSync } from 'node:fs';
import { readdir, utimes } from 'node:fs/promises';
import { DelayedError, Worker } from 'bullmq';
import { unzipSync } from 'fflate';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { createBlobStore } from '../../src/adapters/blobs/index.ts';
import { createFindIndex } from '../../src/adapters/redis/find-index.ts';
import { createPersonalData } from '../../src/adapters/redis/personal-data.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { Message } from '../../src/contract/message.ts';
import { emailFlowQueue, PREFIX, repliesQueue } from '../../src/contract/names.ts';
import type { ErasureReport } from '../../src/http/api/privacy.ts';
import { collect } from '../../src/lib/streams.ts';
import { openDesk, PASSWORD, SUPPORT } from '../support/desk.ts';
import { fileFolder, fixture } from '../support/fixture.ts';
import { replyJob } from '../support/journey.ts';
import { startRedis } from '../support/redis.ts';
import { smallBrowser } from '../support/small-browser.ts';
import { waitFor } from '../support/temp.ts';

const ANNA = 'annegret@customer.example';
const OTHER = 'bertram@customer.example';
/** Her name, subject and words. */
const HERS = ['Quillfeld', 'Sonderwunsch-4711', 'Zwetschgenkuchen'];
const TRACES = [ANNA, ...HERS];
const BLOB_KEY = `blobs:${Buffer.alloc(32, 5).toString('base64')}`;
const dir = fileFolder('privacy');

const redis = fixture(startRedis);

/** Plain, quoted-printable and base64 by turns; every seventh is a bounce of a mail to her. */
function mailOfHers(n: number): string {
  const words = `${n}: ${HERS[2]} für ${HERS[0]}, bitte an ${ANNA}.`;
  const head = `To: ${SUPPORT}\r\nSubject: ${HERS[1]} ${n}\r\nMessage-ID: <anna-${n}@customer.example>\r\nMIME-Version: 1.0\r\n`;
  if (n % 7 === 0)
    return `From: MAILER-DAEMON@mx.example\r\n${head}Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nnot delivered\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; ${ANNA}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: ${HERS[1]}\r\n\r\n--b--\r\n`;
  const from = `From: ${HERS[0]} <${ANNA}>\r\n${head}Content-Type: text/plain; charset=utf-8\r\n`;
  if (n % 3 === 0)
    return `${from}Content-Transfer-Encoding: base64\r\n\r\n${Buffer.from(words).toString('base64')}\r\n`;
  return `${from}Content-Transfer-Encoding: 8bit\r\n\r\n${words}\r\n`;
}
const mailOfOther = (n: number) =>
  `From: Bertram <${OTHER}>\r\nTo: ${SUPPORT}\r\nSubject: Anderes ${n}\r\nMessage-ID: <other-${n}@customer.example>\r\n\r\nworte von bertram ${n}\r\n`;

it('leaves nothing of the person but what the report names', async () => {
  const { sandbox, j, stop } = await openDesk({
    redisUrl: redis.url,
    settings: { log: { audit: true }, outbound: { outcomes: true, uncertain: { lookForMinutes: 0 } } },
    customer: ANNA,
    others: [OTHER],
    inbound: { startFrom: 'all' },
    outbound: { pace: { perMinute: 600 } },
    env: { MAILROOM_BLOBS_ENCRYPTION_KEYS: BLOB_KEY },
    secrets: HERS,
  });
  const client = new Redis(redis.url, { maxRetriesPerRequest: null });
  try {
    for (let n = 1; n <= 30; n++) sandbox.mailboxes.append(SUPPORT, mailOfHers(n));
    for (let n = 1; n <= 4; n++) sandbox.mailboxes.append(SUPPORT, mailOfOther(n));
    const gateway = j.start(['serve']);
    const base = `http://127.0.0.1:${await j.port(gateway)}`;
    const messages = await j.waitForMessages('F', 34);
    const isHers = ({ subject }: Message) => subject.includes('4711');
    const hers = messages.filter(isHers);
    expect(hers).toHaveLength(30);

    // A consumer takes all but five of hers; every fourth is a dead letter.
    const waiting = new Set(hers.slice(-5).map(({ messageKey }) => messageKey));
    const flow = j.queue(emailFlowQueue('F'));
    let taken = 0;
    const consumer = new Worker<Message>(
      flow.name,
      async (job) => {
        if (waiting.has(job.data.messageKey)) {
          await job.moveToDelayed(Date.now() + 3_600_000, job.token);
          throw new DelayedError();
        }
        taken += 1;
        if (isHers(job.data) && taken % 4 === 0) throw new Error(`no agent for ${ANNA}`);
        return { ticketOf: job.data.from };
      },
      { connection: { host: '127.0.0.1', port: redis.port }, prefix: PREFIX, concurrency: 4 },
    );
    await waitFor(async () => (await flow.getJobCountByTypes('wait', 'active', 'prioritized')) === 0, {
      describe: () => 'the consumer to take all',
    });
    await consumer.close();

    // Replies: accepted, rejected, held, dropped, waiting for their time; one names her in its replyId alone.
    const answers = (n: number) => ({ answers: { messageKey: hers[n]?.messageKey ?? '' } });
    const reply = (replyId: string, more: object = {}) =>
      j.addReply('Out', {
        replyId,
        from: SUPPORT,
        to: [ANNA],
        subject: `Re: ${HERS[1]}`,
        text: `Guten Tag ${HERS[0]}: ${HERS[2]}`,
        ...more,
      });
    sandbox.faults.set({ name: 'dropAfterDotUnaccepted', times: 2 });
    for (const replyId of ['held', 'dropped']) {
      await reply(replyId);
      expect(await j.result('Out', replyJob(replyId))).toMatchObject({ state: 'held' });
    }
    for (let n = 0; n < 14; n++) await reply(n === 0 ? `for:${ANNA}` : `accepted-${n}`, answers(n));
    for (const n of [1, 2]) await reply(`rejected-${n}`, { from: 'nobody@contoso.example' });
    for (const n of [1, 2])
      await reply(`later-${n}`, { ...answers(n), notBefore: new Date(Date.now() + 3_600_000).toISOString() });
    await reply('other', { to: [OTHER], subject: 'Anderes', text: 'worte für bertram' });
    for (const id of [`for:${ANNA}`, 'accepted-13', 'rejected-2', 'other']) await j.result('Out', replyJob(id));
    await waitFor(
      async () => (await j.queue(repliesQueue('Out')).getJobCountByTypes('wait', 'active', 'prioritized')) === 0,
      {
        describe: () => 'the replies to be sent',
      },
    );
    const dropped = await fetch(`${base}/v1/replies/dropped/drop`, {
      method: 'POST',
      headers: { authorization: `Bearer ${j.apiToken}` },
    });
    expect(dropped.status).toBe(200);
    // A mail whose job is gone already, long after it came: known by its bytes alone.
    const gone = hers.find(({ messageKey, from }) => !waiting.has(messageKey) && from[0]?.address === ANNA);
    await (await flow.getJob(gone?.messageKey ?? ''))?.remove();

    const erase = async (options: object): Promise<ErasureReport> => {
      const answer = await fetch(`${base}/v1/privacy/erase`, {
        method: 'POST',
        headers: { authorization: `Bearer ${j.apiToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ address: ANNA, ...options }),
      });
      expect(answer.status).toBe(200);
      return (await answer.json()) as ErasureReport;
    };
    const zipOf = async () => {
      const answer = await fetch(`${base}/v1/privacy/export`, {
        method: 'POST',
        headers: { authorization: `Bearer ${j.apiToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ address: ANNA }),
      });
      return unzipSync(Buffer.from(await answer.arrayBuffer()));
    };

    const before = await zipOf();
    const { find } = createFindIndex(client);
    expect((await find(ANNA)).found).not.toEqual([]);
    const named = (start: string, end = '') =>
      Object.keys(before).filter((name) => name.startsWith(start) && name.endsWith(end));
    expect(named('messages/')).toHaveLength(29);
    // Those that wait for their time have a job alone.
    expect(named('replies/')).toHaveLength(18);
    // 30 that came, and 16 rendered replies: what was rejected for its From was never rendered.
    expect(named('mails/', '.eml')).toHaveLength(46);
    expect(Buffer.from(before[named('mails/', '.eml')[0] ?? ''] ?? []).toString()).toContain(SUPPORT);

    const dry = await erase({});
    expect(dry).toMatchObject({ dryRun: true });
    expect((await erase({})).items).toEqual(dry.items);
    // The job of a mail that was stored a moment ago may still come. An hour later it does not.
    expect(dry.items.filter(({ stays }) => stays === 'just-stored').map(({ part }) => part)).toEqual(['mails']);
    const segments = `${j.dir}/blobs/segments`;
    for (const name of await readdir(segments, { recursive: true }))
      if (name.includes('/')) await utimes(`${segments}/${name}`, 0, Date.now() / 1000 - 7_200);
    const first = await erase({ dryRun: false });
    const staying = (report: ErasureReport, part: string) =>
      report.items.filter((one) => one.part === part && one.stays !== undefined).map(({ stays }) => stays);
    expect(staying(first, 'messages').toSorted()).toEqual(
      [...Array<string>(2).fill('needed'), ...Array<string>(5).fill('waiting')].toSorted(),
    );
    expect(staying(first, 'reply-outcomes').every((why) => why === 'waiting')).toBe(true);

    const cli = await j.run('privacy', 'erase', ANNA, '--yes', '--also-waiting', '--json');
    expect(cli.code).toBe(0);
    const second = JSON.parse(cli.output.slice(cli.output.indexOf('{'))) as ErasureReport;
    // The held one may have left: it waits for a person, and says so.
    expect(
      second.items
        .filter(({ stays }) => stays !== undefined)
        .map(({ part, stays }) => `${part} ${stays}`)
        .toSorted(),
    ).toEqual(['mails undecided', 'mails undecided', 'replies undecided', 'reply-jobs undecided']);

    await fetch(`${base}/v1/replies/held/drop`, { method: 'POST', headers: { authorization: `Bearer ${j.apiToken}` } });
    expect(await gateway.stop()).toBe(0);
    expect((await j.run('privacy', 'erase', ANNA, '--yes', '--also-waiting')).output).toMatch(/^\d+ erased, 0 stay/);

    // What is left, everywhere.
    const found: string[] = [];
    const search = (where: string, text: string) => {
      const lower = text.toLowerCase();
      for (const trace of TRACES) if (lower.includes(trace.toLowerCase())) found.push(`${trace} in ${where}`);
    };
    for await (const { key, items } of createPersonalData(client).everyRecord())
      search(key, `${key} ${JSON.stringify(items)}`);
    expect(await find(ANNA)).toEqual({ found: [] });
    expect((await find(OTHER)).found).toHaveLength(5);
    const config = loadConfig({
      configDir: j.configDir,
      env: {
        MAILROOM_REDIS_URL: redis.url,
        MAILROOM_BLOBS_ENCRYPTION_KEYS: BLOB_KEY,
        MAILROOM_SECURITY_CACHE_KEYS: BLOB_KEY,
        MAILROOM_SECURITY_CONVERSATION_KEYS: BLOB_KEY,
        MAILROOM_SECRET_TEST: PASSWORD,
      },
    });
    const store = await createBlobStore(config.blobs);
    let blobs = 0;
    for await (const { key } of store.list()) {
      if (key === undefined) continue;
      blobs += 1;
      const bytes = await collect(store.read(key));
      search(`blob ${key}`, bytes.toString());
      for (const line of bytes.toString('latin1').split(/\r?\n/))
        search(`blob ${key}`, Buffer.from(line, 'base64').toString());
    }
    await store.close();
    const again = j.start(['serve', '--roles', 'portal']);
    const port = await j.port(again);
    const browser = smallBrowser('');
    const pages = `http://127.0.0.1:${port}`;
    const signIn = await browser.open(`${pages}/portal/sign-in`);
    const csrf = /name="_csrf" value="([^"]+)"/.exec(signIn.text)?.[1];
    await browser.open(`${pages}/portal/sign-in`, {
      secret: j.apiToken,
      ...(csrf === undefined ? {} : { _csrf: csrf }),
    });
    for (const path of [
      '/portal',
      '/portal/replies',
      '/portal/quarantine',
      '/portal/audit',
      '/portal/privacy',
      '/metrics',
    ]) {
      const page = await browser.open(pages + path);
      expect(page.status, path).toBe(200);
      search(path, page.text);
      if (path === '/portal/audit') expect(page.text).toContain('personal data erased');
    }
    const token = /name="_csrf" value="([^"]+)"/.exec((await browser.open(`${pages}/portal/privacy`)).text)?.[1] ?? '';
    expect((await browser.open(`${pages}/portal/privacy`, { address: ANNA, _csrf: token })).text).toContain(
      'Nothing is kept of this address.',
    );
    await again.stop();
    for (const one of [gateway, again]) search('a log', one.output().replaceAll(`for:${ANNA}`, '')); // replyIds are their backend's
    // The audit log leaves as lines of the log, and of the command.
    expect(gateway.output()).toMatch(/"event":"AuditEntryWritten","kind":"privacy-erase"/);
    const lines = (await j.run('audit', 'export', '--kind', 'changes')).output;
    search('the audit log', lines);
    expect(lines).toMatch(/^\{.*"action":"privacy-export"/m);

    expect(found).toEqual([]);

    // Nothing of the other's went, and nobody sends her a reply once more.
    const others = (await j.messages('F')).filter(({ from }) => from[0]?.address === OTHER);
    expect(others).toHaveLength(4);
    expect(blobs).toBe(4 + 2);
    const out = `${dir}/again.zip`;
    expect((await j.run('privacy', 'export', ANNA, '--out', out)).code).toBe(0);
    expect(Object.keys(unzipSync(readFileSync(out)))).toEqual(['report.json']);
    const sent = sandbox.mailboxes.list(ANNA).length;
    const last = j.start(['serve', '--roles', 'send']);
    await last.waitForEvent('GatewayStarted');
    await reply('accepted-1', answers(1));
    expect(await j.result('Out', replyJob('accepted-1'))).toMatchObject({ state: 'accepted', warnings: ['erased'] });
    expect(sandbox.mailboxes.list(ANNA)).toHaveLength(sent);
  } finally {
    client.disconnect();
    await stop();
  }
});
