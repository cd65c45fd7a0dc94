// Courier and Cyrus, each in a throw-away Debian: what is in the mailbox is on the queue, byte for byte and once, whatever the server lacks.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openMailbox } from '../../src/adapters/imap/connection.ts';
import { createSentFolder } from '../../src/adapters/imap/sent-folder.ts';
import { mailboxId } from '../../src/contract/names.ts';
import { passed } from '../../src/domain/doctor.ts';
import type { ImapServer, SmtpServer } from '../../src/domain/email-server.ts';
import { audit } from '../../src/domain/ledger.ts';
import { startCourier } from '../support/courier.ts';
import { startCyrus } from '../support/cyrus.ts';
import { doctorSteps } from '../support/doctor.ts';
import { startTestInbound } from '../support/inbound.ts';
import { leakWatch } from '../support/leak-watch.ts';
import type { MailboxServer } from '../support/mailbox-server.ts';
import { mails } from '../support/mails.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { imapServer, smtpServer } from '../support/servers.ts';
import { waitFor } from '../support/temp.ts';
import { baseRoot, note } from './table.ts';

leakWatch();

const idOf = (raw: Buffer) => /^Message-ID: (.*)$/im.exec(raw.toString('latin1'))?.[1]?.trim();

type Running = Awaited<ReturnType<typeof startTestInbound>>;
const MAILS = 120;
const LATE = 30;
const FLOW = 'Support';

describe.each([
  ['Courier', startCourier],
  ['Cyrus', startCyrus],
] as const)('%s', (make, startServer) => {
  let redis: TestRedis;
  let server: MailboxServer;
  let one: Running | undefined;

  beforeAll(async () => {
    redis = await startRedis();
    server = await startServer(baseRoot());
  }, 300_000);
  afterAll(async () => {
    await one?.stop();
    await server?.stop();
    await redis?.stop();
  }, 60_000);

  const tell = (what: string, found: string) => note({ server: make, version: server.version, what, found });
  const definition = (fields: Partial<ImapServer> = {}) =>
    imapServer({
      name: make,
      host: server.host,
      port: server.port,
      tls: 'implicit',
      user: server.user,
      authentication: { type: 'Password', password: server.password },
      ca: server.caPem,
      ...fields,
    });
  const sender = (): SmtpServer =>
    smtpServer(1, {
      user: server.user,
      host: server.host,
      authentication: { type: 'Password', password: server.password },
      sentCopy: { policy: 'append', folder: 'Sent Items' },
    });
  const sent = () =>
    createSentFolder({ getToken: () => Promise.reject(new Error('unused')), imapServers: () => [definition()] });

  const start = (fields: Partial<ImapServer> = {}) =>
    startTestInbound({
      redisUrl: redis.url,
      servers: [definition(fields)],
      settings: { deadAfterMs: 60_000, reconcileMs: 5_000 },
      ports: {
        openMailbox: (given, credentials) =>
          openMailbox(given, credentials, { connectMs: 10_000, answerMs: 10_000, pollMs: 1_000 }),
      },
    });
  const jobsAre = (count: number) =>
    waitFor(
      async () => {
        const jobs = await one?.jobs(FLOW);
        return jobs !== undefined && jobs.length >= count ? jobs : undefined;
      },
      { timeoutMs: 90_000, describe: () => `${count} jobs; ${JSON.stringify(one?.events().slice(-4))}` },
    );
  const idle = () =>
    waitFor(() => one?.inbound.status()[0]?.state === 'idle', {
      timeoutMs: 30_000,
      describe: () => JSON.stringify(one?.events().slice(-4)),
    });
  const restartWith = async (fields: Partial<ImapServer>) => {
    await one?.stop();
    one = await start(fields);
    await idle();
  };

  it('drain, arrivals, seen, move, restart, UIDVALIDITY, Sent, check', async () => {
    const all = [...mails({ count: MAILS + LATE + 10, label: make })].map(({ raw }) =>
      Buffer.from(
        raw
          .toString('latin1')
          .replace(/\r?\n/g, '\r\n')
          .replace(/(\r\n)*$/, '\r\n'),
        'latin1',
      ),
    );
    let next = 0;
    const deliver = async (count: number) => {
      for (const raw of all.slice(next, next + count)) await server.deliver(raw);
      next += count;
    };

    // Drain, with a restart of the server in the middle.
    await deliver(MAILS);
    one = await start();
    await jobsAre(10);
    await server.restart();
    const jobs = await jobsAre(MAILS);
    expect(new Set(jobs.map(({ threading }) => threading.messageId)).size).toBe(MAILS);
    expect(jobs).toHaveLength(MAILS);
    let whole = 0;
    for (const job of jobs) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of one.blobs.read(job.raw.blob)) chunks.push(chunk);
      const raw = Buffer.concat(chunks);
      // A server that is delivered to by LMTP writes trace lines of its own before the From field.
      const sentAs = all.find((given) => job.threading.messageId === idOf(given));
      const body = sentAs?.subarray(sentAs.indexOf('From: '));
      if (body !== undefined && raw.subarray(raw.length - body.length).equals(body)) whole += 1;
    }
    expect(whole).toBe(MAILS);
    tell('drain, byte for byte', `${whole} of ${MAILS}`);
    tell('restart in the middle', `${jobs.length} jobs, none twice`);

    // Arrivals.
    await idle();
    const began = performance.now();
    await deliver(1);
    await jobsAre(next);
    const seconds = (performance.now() - began) / 1_000;
    const client = await openMailbox(
      definition(),
      { password: server.password },
      { connectMs: 5_000, answerMs: 5_000 },
    );
    await client.close();
    tell('new mail after', `${seconds.toFixed(1)} s`);

    // After the job: seen, then moved, to a folder named as people name it.
    await restartWith({ afterQueued: { action: 'seen' } });
    await deliver(3);
    await jobsAre(next);
    const unseen = async () => {
      const look = await openMailbox(
        definition(),
        { password: server.password },
        { connectMs: 5_000, answerMs: 5_000 },
      );
      const uids = await look.unseenUids();
      await look.close();
      return uids.length;
    };
    await waitFor(async () => (await unseen()) === next - 3, { timeoutMs: 30_000, describe: 'three flags' });
    tell('seen', 'ok');
    await restartWith({ afterQueued: { action: 'move', folder: 'Done' } });
    await deliver(2);
    await jobsAre(next);
    await waitFor(async () => (await server.count('Done')) === 2, { timeoutMs: 30_000, describe: 'two moves' });
    expect(await server.count('INBOX')).toBe(next - 2);
    tell('move', 'ok');

    // UIDVALIDITY: nothing twice, nothing lost.
    await restartWith({});
    const before = next;
    await server.renumber();
    await deliver(LATE);
    const after = await waitFor(
      async () => {
        const list = (await one?.jobs(FLOW)) ?? [];
        return new Set(list.map(({ threading }) => threading.messageId)).size === next ? list : undefined;
      },
      { timeoutMs: 90_000, describe: () => `${next} mails; ${JSON.stringify(one?.events().slice(-4))}` },
    );
    expect(after).toHaveLength(next);
    expect(new Set(after.map(({ uidValidity }) => uidValidity)).size).toBe(2);
    await idle();
    const look = await openMailbox(definition(), { password: server.password }, { connectMs: 5_000, answerMs: 5_000 });
    const uids = await look.uids();
    await look.close();
    expect(audit(await one.ledgers.load(mailboxId(definition())), uids).unaccounted).toEqual([]);
    tell('UIDVALIDITY change', `${before} known, ${LATE} new, none twice`);

    // Sent copies.
    const query = {
      replyId: 'r1',
      messageId: '<r1@contoso.example>',
      since: new Date(),
      folder: 'Sent Items',
    };
    const copy = Buffer.from('X-Mailroom-Reply-Id: r1\r\nMessage-ID: <r1@contoso.example>\r\nSubject: x\r\n\r\nx\r\n');
    expect(await sent().append(sender(), query, copy)).toBe('stored');
    expect(await sent().append(sender(), query, copy)).toBe('was-there');
    const probe = { ...query, replyId: 'p1', messageId: '<p1@contoso.example>' };
    const proof = Buffer.from(copy.toString().replaceAll('r1', 'p1'));
    expect(await sent().prove(sender(), probe, proof)).toMatchObject({ outcome: 'removed' });
    expect(await server.count('Sent')).toBe(1);
    tell('Sent copies', 'stored once; the probe of check removed again');

    // The doctor.
    const servers = [definition(), sender()];
    const steps = await doctorSteps(definition(), { servers, timeoutMs: 10_000, sentCopyMs: 1_000 });
    expect(steps.filter(({ state, informational }) => state === 'failed' && !informational)).toEqual([]);
    expect(passed(steps)).toBe(true);
    tell(
      'check',
      `passes; IDLE ${steps.find(({ step }) => step === 'idle')?.state === 'ok' ? 'used' : 'none: polled'}`,
    );
  }, 420_000);
});
