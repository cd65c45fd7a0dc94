// People work in the mailboxes that we watch. Against the sandbox (no CONDSTORE, as Exchange) and a real Dovecot (CONDSTORE): what they do is an event,
// each once; what we do ourselves is none; a mailbox without mailboxEvents is asked for nothing.
import { ImapFlow } from 'imapflow';
import { describe, expect, it, type TestContext } from 'vitest';
import type { MailboxEvent } from '../../../src/contract/mailbox-event.ts';
import { mailboxId, messageKey } from '../../../src/contract/names.ts';
import type { ImapServer } from '../../../src/domain/email-server.ts';
import { startSandbox } from '../../../src/sandbox/index.ts';
import { startDovecot } from '../../support/dovecot.ts';
import { fixture } from '../../support/fixture.ts';
import { parseNothing, parsingBy, startTestInbound, type TestInboundOptions } from '../../support/inbound.ts';
import { startRedis } from '../../support/redis.ts';
import { imapServer } from '../../support/servers.ts';
import { waitFor } from '../../support/temp.ts';

const PASSWORD = 'people-password';
const CUSTOMER = 'kim@customer.example';
const BOXES = Array.from({ length: 12 }, (_, i) => `people${i}@contoso.example`);
let n = 0;

const dovecot = fixture(() =>
  startDovecot({
    users: BOXES.map((user) => ({ user, password: PASSWORD })),
    extraConf: 'imap_capability = +CONDSTORE',
  }),
);
const sandbox = fixture(() => startSandbox({ users: BOXES.map((address) => ({ address, password: PASSWORD })) }));

const mail = (name: string) =>
  `Message-ID: <${name}@customer.example>\r\nFrom: ${CUSTOMER}\r\nSubject: ${name}\r\n\r\nbody\r\n`;
const withFrom = parsingBy((raw) => ({ ...parseNothing(raw), from: [{ name: '', address: CUSTOMER }] }));

/** A mailbox of the sandbox or of Dovecot with mails in it, watched. */
async function watched(
  t: TestContext,
  at: { port: number; ca: string },
  fields: Partial<ImapServer> = {},
  options: Partial<TestInboundOptions> = {},
  user = BOXES[n++ % BOXES.length] as string,
) {
  const server = imapServer({
    ...{ name: `people ${n}`, host: 'localhost', port: at.port, ca: at.ca, user, emailFlow: `People ${n}` },
    authentication: { type: 'Password', password: PASSWORD },
    mailboxEvents: 'flags',
    ...fields,
  });
  const id = mailboxId(server);
  // One of its own: replicas on one Redis would share the mailboxes.
  const redis = await startRedis();
  t.onTestFinished(() => redis.stop());
  const start = async () => {
    const one = await startTestInbound({
      redisUrl: redis.url,
      servers: [server],
      settings: { idleRenewMs: 1_000, reconcileMs: 500 },
      ports: withFrom,
      ...options,
    });
    t.onTestFinished(async () => void (await one.stop()));
    return one;
  };
  const one = await start();
  const short = ({ event, messageKey: key, answered, movedTo }: MailboxEvent) =>
    [
      event,
      key?.split('-').at(-1),
      answered === undefined ? undefined : `by ${answered.by} ${answered.who ?? ''}`.trim(),
      movedTo === undefined ? undefined : `to ${movedTo.server}`,
    ]
      .filter((part) => part !== undefined)
      .join(' ');
  const lookedAt = async () => (await one.people.view(id))?.at ?? 0;
  return {
    ...one,
    ...{ server, id, user, start },
    key: (uid: number, uidValidity: string | number) => messageKey(id, String(uidValidity), uid),
    reported: () => one.mailboxEvents(server.emailFlow),
    /** Events once there are so many, and none after another look. */
    async happened(count: number) {
      await waitFor(async () => (await one.mailboxEvents(server.emailFlow)).length >= count, {
        describe: () => `${count} mailbox events; ${JSON.stringify(one.events().slice(-4))}`,
      });
      await this.looks();
      return (await one.mailboxEvents(server.emailFlow)).map(short).sort();
    },
    /** So many looks that begin after this call have ended. */
    async looks(count = 1) {
      for (let i = 0; i <= count; i++) {
        const before = await lookedAt();
        await waitFor(async () => (await lookedAt()) > before, {
          describe: () => `another look; ${JSON.stringify(one.events().slice(-4))}`,
        });
      }
    },
    jobsAre: (count: number) => one.jobsAre(count, server.emailFlow),
  };
}
const exchange = () => ({ port: sandbox.imap.port, ca: sandbox.caPem });

/** Watched, with mails in it that a first look has seen. */
async function inSandbox(
  t: TestContext,
  count: number,
  fields: Partial<ImapServer> = {},
  options: Partial<TestInboundOptions> = {},
) {
  const one = await watched(t, exchange(), fields, options);
  for (let i = 1; i <= count; i++) sandbox.mailboxes.append(one.user, mail(`${one.user}-${i}`));
  await one.jobsAre(count);
  await one.looks();
  return one;
}

describe.concurrent('a server without CONDSTORE', () => {
  it('reports each act of a colleague in Outlook once', async (t) => {
    const one = await inSandbox(t, 6);
    sandbox.outlook(one.user, 'read', 1);
    sandbox.outlook(one.user, 'answer', 2);
    sandbox.outlook(one.user, 'move', 3);
    sandbox.outlook(one.user, 'delete', 4);
    sandbox.outlook(one.user, 'forward', 5);
    expect(await one.happened(6)).toEqual(['answered 2 by flag', 'gone 3', 'gone 4', 'seen 1', 'seen 2', 'seen 5']);
    sandbox.outlook(one.user, 'unread', 1);
    expect((await one.happened(7)).filter((event) => event.startsWith('unseen'))).toEqual(['unseen 1']);
    const [first] = await one.reported();
    const { uidValidity } = sandbox.mailboxes.status(one.user);
    expect(first).toMatchObject({
      server: one.server.name,
      mailbox: one.user,
      folder: 'INBOX',
      since: expect.any(String),
    });
    expect((await one.reported()).map(({ messageKey }) => messageKey)).toContain(one.key(2, uidValidity));
    expect(new Set((await one.reported()).map(({ eventId }) => eventId)).size).toBe(7);
  });

  it('reports the target folder of a moved mail when that folder is watched, too', async (t) => {
    const one = await inSandbox(t, 2);
    const archive = { ...one.server, name: 'its archive', folder: 'Archive', emailFlow: 'Its archive' };
    await one.inbound.setServers([one.server, archive]);
    await waitFor(() => one.inbound.status().filter(({ state }) => state === 'idle').length === 2, {
      describe: () => 'both idle',
    });
    sandbox.outlook(one.user, 'move', 1);
    sandbox.outlook(one.user, 'delete', 2);
    expect(await one.happened(2)).toEqual(['gone 1 to its archive', 'gone 2']);
  });

  it('does not report what Mailroom does itself', async (t) => {
    const one = await inSandbox(t, 2, { afterQueued: { action: 'seen' } });
    const { uidValidity } = sandbox.mailboxes.status(one.user);
    await one.people.addMark(one.key(1, uidValidity), 'reply-1');
    await waitFor(() => sandbox.mailboxes.list(one.user)[0]?.flags.includes('\\Answered'), {
      describe: () => 'the mark',
    });
    await one.looks(2);
    expect(sandbox.mailboxes.list(one.user).map(({ flags }) => flags.sort())).toEqual([
      ['\\Answered', '\\Seen'],
      ['\\Seen'],
    ]);
    expect(await one.reported()).toEqual([]);
    expect(await one.people.ownActs(one.id)).toEqual({ seen: new Set(), answered: new Set(), moved: new Set() });
    // A colleague's own act on the same message is one.
    sandbox.outlook(one.user, 'unread', 1);
    sandbox.outlook(one.user, 'answer', 2);
    expect(await one.happened(2)).toEqual(['answered 2 by flag', 'unseen 1']);
  });

  it('moves queued mail without reporting events', async (t) => {
    const one = await inSandbox(t, 2, { afterQueued: { action: 'move', folder: 'Archive' } });
    await waitFor(() => sandbox.mailboxes.list(one.user).length === 0, { describe: () => 'an empty folder' });
    await one.looks(3);
    expect(await one.reported()).toEqual([]);
  });

  it('reports one overflow instead of hundreds of events, then single events again', async (t) => {
    const one = await inSandbox(t, 260);
    for (let uid = 1; uid <= 260; uid++) sandbox.outlook(one.user, 'read', uid);
    // The near ones at the next look, the others with the look into the whole window.
    await one.happened(1);
    const events = await waitFor(async () => {
      const all = await one.reported();
      const counted = all.reduce(
        (sum, { event, overflow }) => sum + (event === 'overflow' ? (overflow?.changes ?? 0) : 1),
        0,
      );
      return counted >= 200 ? all : undefined;
    });
    expect(events.length).toBeLessThanOrEqual(201);
    sandbox.outlook(one.user, 'answer', 260);
    await waitFor(async () => (await one.reported()).some(({ event }) => event === 'answered'), {
      describe: () => 'answered',
    });
  });

  it('counts changes while no events are taken, and reports the count once there is room', async (t) => {
    let waiting = 10_000;
    const one = await inSandbox(t, 3, {}, { eventsBacklog: () => waiting });
    sandbox.outlook(one.user, 'read', 1);
    sandbox.outlook(one.user, 'answer', 2);
    await one.looks(2);
    expect(await one.reported()).toEqual([]);
    expect(one.events('MailboxEventsDropped')).toHaveLength(1);
    waiting = 0;
    await one.happened(1);
    expect((await one.reported()).map(({ event, overflow }) => [event, overflow])).toEqual([
      ['overflow', { reason: 'backlog', changes: 3, kinds: { seen: 2, answered: 1 } }],
    ]);
  });

  it('reports that the folder was renumbered, and continues with the new UIDs', async (t) => {
    const one = await inSandbox(t, 2);
    sandbox.mailboxes.setUidValidity(one.user, 4_711);
    await one.happened(1);
    expect((await one.reported()).map(({ event, overflow }) => [event, overflow?.reason])).toEqual([
      ['overflow', 'uids-reset'],
    ]);
    sandbox.mailboxes.append(one.user, mail('after-reset'));
    await one.jobsAre(3);
    await one.looks();
    sandbox.outlook(one.user, 'read', 3);
    expect(await one.happened(2)).toEqual(['overflow', 'seen 3']);
  });

  it('reports after a stop what happened in the meantime, and repeats nothing', async (t) => {
    const one = await inSandbox(t, 3);
    sandbox.outlook(one.user, 'read', 1);
    await one.happened(1);
    await one.inbound.stop();
    sandbox.outlook(one.user, 'answer', 2);
    const next = await one.start();
    await waitFor(async () => (await one.reported()).length >= 3, {
      describe: () => JSON.stringify(next.events().slice(-4)),
    });
    await one.looks(2);
    expect((await one.reported()).map(({ event }) => event).sort()).toEqual(['answered', 'seen', 'seen']);
  });

  it('sets an unreadable view aside and continues watching', async (t) => {
    const one = await inSandbox(t, 1);
    await one.inbound.stop();
    await one.redis.hset(`{mailroom}:view:${one.id}`, 'rest', 'garbage');
    await one.start();
    await one.looks();
    sandbox.outlook(one.user, 'read', 1);
    expect(await one.happened(1)).toEqual(['seen 1']);
  });

  it('reports from Sent who answered; a forwarded mail and our own reply are no answer', async (t) => {
    const one = await inSandbox(t, 4, { mailboxEvents: 'flags-and-sent' });
    await waitFor(async () => (await one.people.view(one.id))?.sent !== undefined, {
      describe: () => 'Sent looked at',
    });
    sandbox.outlook(one.user, 'answer', 1, { by: 'alex@contoso.example' });
    sandbox.outlook(one.user, 'forward', 2);
    sandbox.mailboxes.append(
      one.user,
      `Message-ID: <ours@contoso.example>\r\nX-Mailroom-Reply-Id: r1\r\nFrom: ${one.user}\r\nTo: ${CUSTOMER}\r\nIn-Reply-To: <${one.user}-3@customer.example>\r\n\r\nHello\r\n`,
      { folder: 'Sent Items' },
    );
    expect(await one.happened(4)).toEqual([
      'answered 1 by flag',
      'answered 1 by sent alex@contoso.example',
      'seen 1',
      'seen 2',
    ]);
    const { uidValidity } = sandbox.mailboxes.status(one.user);
    expect((await one.people.answerOf(one.key(1, uidValidity))).record).toMatchObject({
      by: 'sent',
      who: 'alex@contoso.example',
    });
    expect((await one.people.answerOf(one.key(2, uidValidity))).record).toBeUndefined();
  });

  it('continues fetching mail when flags are not available', async (t) => {
    const one = await inSandbox(t, 1);
    sandbox.faults.set({ name: 'imapReply', mailbox: one.user, command: 'FETCH', text: 'NO Server error.', times: 1 });
    await waitFor(() => one.events('MailboxLookFailed')[0], { describe: () => 'a failed look' });
    sandbox.mailboxes.append(one.user, mail('after-refusal'));
    await one.jobsAre(2);
    sandbox.outlook(one.user, 'read', 1);
    expect(await one.happened(1)).toEqual(['seen 1']);
    expect(one.events('MailboxDisconnected')).toEqual([]);
  });
});

describe.concurrent('Dovecot, with CONDSTORE', () => {
  const real = () => ({ port: dovecot.port, ca: dovecot.caPem });

  it('reports flags, and answers in Sent', async (t) => {
    const one = await watched(t, real(), { mailboxEvents: 'flags-and-sent' });
    await dovecot.doveadm('mailbox', 'create', '-u', one.user, 'Sent').catch(() => {});
    for (let i = 1; i <= 3; i++) await dovecot.deliver(one.user, mail(`dovecot-${i}`));
    await one.jobsAre(3);
    await waitFor(async () => (await one.people.view(one.id))?.sent !== undefined, {
      describe: () => 'Sent looked at',
    });
    await one.looks();
    expect((await one.people.view(one.id))?.modseq).toMatch(/^\d+$/);
    await dovecot.doveadm('flags', 'add', '-u', one.user, '\\Seen', 'mailbox', 'INBOX', 'UID', '1');
    await dovecot.doveadm('flags', 'add', '-u', one.user, '\\Answered', 'mailbox', 'INBOX', 'UID', '2');
    await dovecot.doveadm('expunge', '-u', one.user, 'mailbox', 'INBOX', 'UID', '3');
    expect(await one.happened(3)).toEqual(['answered 2 by flag', 'gone 3', 'seen 1']);
    const outlook = new ImapFlow({
      ...{ host: 'localhost', port: dovecot.port, secure: true, logger: false as const },
      auth: { user: one.user, pass: PASSWORD },
      tls: { ca: dovecot.caPem },
    });
    await outlook.connect();
    const answer = `From: ${one.user}\r\nSender: alex@contoso.example\r\nTo: ${CUSTOMER}\r\nIn-Reply-To: <dovecot-2@customer.example>\r\n\r\nHello\r\n`;
    await outlook.append('Sent', answer);
    await outlook.logout();
    expect(await one.happened(4)).toContain('answered 2 by sent alex@contoso.example');

    await one.people.addMark((await one.reported()).find(({ event }) => event === 'seen')?.messageKey ?? '', 'reply-1');
    await waitFor(() => one.events('MessageMarked')[0], { describe: () => 'the mark' });
    await one.looks(2);
    expect((await one.reported()).length).toBe(4);
  });
});
