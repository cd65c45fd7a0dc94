// A colleague answered in Outlook what an agent's reply answers: it is held, sent with a warning or sent, as the server and the reply say. What is
// known counts, and where that is old one look at the mailbox; a look that fails keeps nothing back. And our own accepted replies want their arrow.
import type { Redis } from 'ioredis';
import { beforeEach, describe, expect, it } from 'vitest';
import { lookForAnswer } from '../../../src/adapters/imap/people-look.ts';
import { createPeople, type People } from '../../../src/adapters/redis/people.ts';
import type { Message } from '../../../src/contract/message.ts';
import { mailboxId, messageKey } from '../../../src/contract/names.ts';
import type { AnswerRecord } from '../../../src/domain/answered.ts';
import type { SmtpServer } from '../../../src/domain/email-server.ts';
import { emptyView, fieldsOfView } from '../../../src/domain/folder-view.ts';
import { folderViewKey } from '../../../src/domain/keys.ts';
import { fromUids } from '../../../src/domain/uid-set.ts';
import { createAnswers } from '../../../src/operations/answers.ts';
import type { Answers } from '../../../src/outbound/index.ts';
import { startSandbox } from '../../../src/sandbox/index.ts';
import { fixture } from '../../support/fixture.ts';
import { imapServer, smtpServer } from '../../support/servers.ts';
import { waitFor } from '../../support/temp.ts';
import { openRoom, type Replica, replyMaker } from './room.ts';

const BOX = 'support@contoso.example';
const CUSTOMER = 'kim@customer.example';
const PASSWORD = 'answered-password';
const ALEX = 'alex@contoso.example';

const room = openRoom();
let redis: Redis;
let people: People;
let uid = 0;

const sandbox = fixture(() =>
  startSandbox({
    users: [
      { address: BOX, password: PASSWORD },
      { address: ALEX, password: PASSWORD },
    ],
  }),
);
beforeEach(() => {
  redis = room.redis.client();
  people = createPeople(redis);
  sandbox.faults.clear();
  uid = sandbox.mailboxes.append(
    BOX,
    `Message-ID: <question-${uid + 1}@customer.example>\r\nFrom: ${CUSTOMER}\r\nSubject: q\r\n\r\nbody\r\n`,
  );
});

const watched = () =>
  imapServer({
    ...{ name: 'in', host: 'localhost', port: sandbox.imap.port, ca: sandbox.caPem, user: BOX },
    authentication: { type: 'Password', password: PASSWORD },
    mailboxEvents: 'flags-and-sent',
  });
const era = () => String(sandbox.mailboxes.status(BOX).uidValidity);
const key = () => messageKey(mailboxId(watched()), era(), uid);
/** The watcher has looked this long ago, ms. */
const looked = (agoMs: number, answered: number[] = []) =>
  redis.hset(
    folderViewKey(redis, mailboxId(watched())),
    fieldsOfView({ ...emptyView(era(), Date.now() - agoMs), answered: fromUids(answered) }),
  );

/** The sending half with what it is given to ask colleagues' answers with. */
async function start(more: Partial<SmtpServer> = {}, around: (answers: Answers) => Answers = (answers) => answers) {
  const answers = createAnswers({
    people,
    imapServers: () => [watched()],
    readMessage: async () =>
      ({
        threading: { messageId: `<question-${uid}@customer.example>` },
        from: [{ name: '', address: CUSTOMER }],
        replyTo: [],
      }) as unknown as Message,
    lookForAnswer: (server, query) =>
      lookForAnswer({ server, credentials: { password: PASSWORD }, withinMs: 30_000 }, query),
    loginSlot: async () => 0,
    now: Date.now,
  });
  return room.replica({
    servers: [smtpServer(room.sink.port, { user: BOX, ...more })],
    settings: { waitScale: 0.005 },
    change: ({ deps }) => {
      deps.answers = around(answers);
    },
  });
}
const reply = replyMaker('answered', { from: BOX, to: [CUSTOMER] });
const answering = (more: Parameters<typeof reply>[0] = {}) => reply({ answers: { messageKey: key() }, ...more });

async function resultOf(one: Replica, input: ReturnType<typeof reply>) {
  await one.replies.submitReply(input);
  await waitFor(
    async () => ['accepted', 'held', 'rejected'].includes((await one.replies.getReply(input.replyId))?.state ?? ''),
    { describe: 'an end' },
  );
  return one.replies.getReply(input.replyId);
}
const names = (one: Replica) => one.events.map(({ name }) => name);

describe('a message that a colleague has answered', () => {
  const bySent: AnswerRecord = { by: 'sent', who: ALEX, at: '2026-11-29T10:00:00.000Z' };
  beforeEach(async () => {
    await looked(0);
    await people.noteAnswer(key(), bySent);
  });

  it('holds the reply, naming the colleague and the time; a released reply is sent', async () => {
    const one = await start();
    const input = answering();
    expect(await resultOf(one, input)).toMatchObject({
      state: 'held',
      failure: { code: 'REPLY_ANSWERED_ELSEWHERE' },
      answeredElsewhere: bySent,
    });
    expect(room.sink.received).toEqual([]);
    expect(one.events.find(({ name }) => name === 'ReplyHeldForAnswer')?.fields).toMatchObject({ server: 'sink' });
    expect(JSON.stringify(one.events)).not.toContain(ALEX);
    await one.replies.releaseHeld(input.replyId, 'a supervisor');
    await one.reached(input.replyId, 'accepted');
    expect(room.sink.received).toHaveLength(1);
  });

  it.each<[string, Partial<SmtpServer>, object, boolean]>([
    ['policy warn', { answeredElsewhere: 'warn' }, {}, true],
    ['policy send', { answeredElsewhere: 'send' }, {}, false],
    ['force', {}, { force: true }, false],
  ])('%s: sent', async (_what, server, more, warns) => {
    const one = await start(server);
    const result = await resultOf(one, answering(more));
    expect(result).toMatchObject({ state: 'accepted', ...(warns ? { answeredElsewhere: bySent } : {}) });
    expect(result?.warnings?.some((text) => text.startsWith('answered-elsewhere')) ?? false).toBe(warns);
    expect(room.sink.received).toHaveLength(1);
  });

  it('does not hold a reply to another message or to none', async () => {
    const one = await start();
    const other = messageKey(mailboxId(watched()), era(), uid + 1);
    expect((await resultOf(one, reply({ answers: { messageKey: other } })))?.state).toBe('accepted');
    expect((await resultOf(one, reply()))?.state).toBe('accepted');
  });
});

it('holds the reply when the flag existed before watching began', async () => {
  await looked(0, [uid]);
  expect(await resultOf(await start(), answering())).toMatchObject({
    state: 'held',
    answeredElsewhere: { by: 'flag' },
  });
});

it('does not begin DATA when the answer arrives during the envelope', async () => {
  await looked(0);
  let asked = 0;
  const one = await start({}, (answers) => ({
    ...answers,
    async known(messageKey) {
      asked += 1;
      if (asked === 2) await people.noteAnswer(messageKey, { by: 'sent', who: ALEX });
      return answers.known(messageKey);
    },
  }));
  const input = answering();
  expect(await resultOf(one, input)).toMatchObject({ state: 'held', answeredElsewhere: { who: ALEX } });
  expect(room.sink.attempts).toHaveLength(1);
  expect(room.sink.received).toEqual([]);
  expect(await one.deps.journal.read(input.replyId)).toMatchObject({ state: 'held', begins: 0 });
});

describe('when the last known state is old', () => {
  beforeEach(() => looked(600_000));

  it('finds the flag in the mailbox', async () => {
    sandbox.mailboxes.setFlags(BOX, uid, ['\\Answered']);
    expect(await resultOf(await start(), answering())).toMatchObject({
      state: 'held',
      answeredElsewhere: { by: 'flag' },
    });
    expect((await people.answerOf(key())).record).toMatchObject({ by: 'flag' });
  });

  it('finds the answer in Sent; a forwarded mail and our own reply do not count', async () => {
    sandbox.outlook(BOX, 'forward', uid);
    const head = `From: ${BOX}\r\nTo: ${CUSTOMER}\r\nIn-Reply-To: <question-${uid}@customer.example>\r\n`;
    sandbox.mailboxes.append(BOX, `X-Mailroom-Reply-Id: r\r\n${head}\r\nx`, { folder: 'Sent Items' });
    const one = await start();
    expect((await resultOf(one, answering()))?.state).toBe('accepted');
    sandbox.mailboxes.append(BOX, `Sender: ${ALEX}\r\n${head}\r\nx`, { folder: 'Sent Items' });
    expect(await resultOf(one, answering())).toMatchObject({
      state: 'held',
      answeredElsewhere: { by: 'sent', who: ALEX, at: expect.any(String) },
    });
  });

  it('does not mistake Mailroom’s own flag for a colleague’s answer', async () => {
    sandbox.mailboxes.setFlags(BOX, uid, ['\\Answered']);
    await people.addMark(key(), 'an earlier reply');
    expect((await resultOf(await start(), answering()))?.state).toBe('accepted');
  });

  it('sends when the mailbox cannot be checked, records that as evidence, and waits before the next check', async () => {
    sandbox.faults.set({ name: 'authFailed', mailbox: BOX });
    const one = await start();
    const [first, second] = [answering(), answering()];
    expect((await resultOf(one, first))?.state).toBe('accepted');
    expect((await one.replies.evidenceOf(first.replyId)).join('\n')).toMatch(
      /not known whether a colleague has answered: \w/,
    );
    expect(names(one)).toContain('AnswerLookFailed');
    expect((await resultOf(one, second))?.state).toBe('accepted');
    expect((await one.replies.evidenceOf(second.replyId)).join('\n')).toContain('a moment ago');
  });
});

describe('an accepted reply requests the \\Answered flag of its message', () => {
  const marks = async () => (await people.marks(mailboxId(watched()))).map(({ messageKey }) => messageKey);
  it.each<[string, Partial<SmtpServer>, object, boolean]>([
    ['enabled by the server', { markAnswered: true }, {}, true],
    ['enabled by the reply', {}, { markAnswered: true }, true],
    ['disabled by the reply', { markAnswered: true }, { markAnswered: false }, false],
    ['not enabled by default', {}, {}, false],
    ['not enabled for an acknowledgement', { markAnswered: true }, { automatic: true }, false],
  ])('%s', async (_what, server, more, expected) => {
    await looked(0);
    const one = await start(server);
    const input = answering(more);
    expect((await resultOf(one, input))?.state).toBe('accepted');
    await waitFor(async () => (await one.deps.queues.find('sink', input.replyId))?.ended === true, {
      describe: 'the end of the job',
    });
    expect(await marks()).toEqual(expected ? [key()] : []);
  });

  it('also requests it when its worker was killed before recording it', async () => {
    await looked(0);
    const one = await start({ markAnswered: true });
    const input = answering();
    expect((await resultOf(one, input))?.state).toBe('accepted');
    await waitFor(async () => (await marks()).length === 1, { describe: 'the mark' });
    // As a kill between the journal and the note leaves it: accepted, and the job is run again.
    await people.markDone(mailboxId(watched()), await marks());
    await one.deps.queues.again('sink', input.replyId, { ...input, server: 'sink' }, { priority: 1 });
    await waitFor(async () => (await marks()).length === 1, { describe: 'the mark again' });
    expect(room.sink.received).toHaveLength(1);
  });

  it('drops requests for mailboxes that are not watched after a time', async () => {
    await people.addMark(key(), 'r');
    expect(await redis.ttl(`{mailroom}:answer-marks:${mailboxId(watched())}`)).toBeGreaterThan(86_400);
  });
});
