// Which conversation a mail joins and which reply a report is about, from raw mails: what a stranger writes joins and links nothing.
import { expect, it } from 'vitest';
import { createJournal } from '../../../src/adapters/redis/journal.ts';
import { createParticipants } from '../../../src/adapters/redis/participants.ts';
import type { Config } from '../../../src/config/config.ts';
import { parseMessage } from '../../../src/mime/index.ts';
import { messageIdMaker, relate, replyLookup } from '../../../src/operations/conversations.ts';
import { packed } from '../../../src/parsing/packed.ts';
import { redisRoom } from '../../support/redis.ts';

const SHARED = 'service@contoso.example';
const JANE = 'jane@customer.example';
const EVE = 'eve@stranger.example';
const security = { conversationKeys: [], installation: '' } as unknown as Config['security'];
const makeId = messageIdMaker({ security } as Config);
const OURS = makeId({ conversationId: 'case-1', replyId: 'reply-1', domain: 'contoso.example' });
const redis = redisRoom();

function mail(headers: Record<string, string>, body = 'x'): Buffer {
  const lines = Object.entries({ To: SHARED, Subject: 'Hello', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return Buffer.from([...lines, '', body].join('\r\n'));
}

/** What a replica relates by: one connection, so that what it asks is answered in order. */
function replica() {
  const client = redis.client();
  return { lookup: replyLookup(createJournal(client)), participants: createParticipants(client) };
}
function related(raw: Buffer, emailFlow = 'Service', by = replica()) {
  const parsed = packed(parseMessage(raw), (json) => Buffer.from(json));
  return relate(parsed, { emailFlow, user: SHARED }, security, by);
}
const conversation = async (headers: Record<string, string>, emailFlow?: string, by = replica()) =>
  (await related(mail(headers), emailFlow, by)).conversation;

/** A reply of ours went to Jane, and the server gave it an id of its own. */
async function sent(): Promise<void> {
  const journal = createJournal(redis.client());
  await journal.admit({ replyId: 'reply-1', digest: 'd', server: 'out' });
  await journal.transition('reply-1', {
    from: ['queued'],
    to: 'accepted',
    change: {
      messageId: OURS,
      envelope: { from: SHARED, to: [JANE, 'jörg@bücher.example'], smtpUtf8: true },
      result: { serverMessageId: '<given@outlook.example>' } as never,
    },
  });
}

it('of two strangers in one batch, only the first joins the conversation', async () => {
  const answering = { 'Message-ID': '<b@x.example>', References: '<root@customer.example>' };
  const one = replica();
  const [first, second, again] = await Promise.all(
    [JANE, EVE, JANE].map((From) => conversation({ From, ...answering }, 'Service', one)),
  );
  expect(first).toEqual({ id: again?.id, matchedBy: 'references-chain', proof: 'none' });
  expect(again).toMatchObject({ proof: 'references' });
  expect(second).toMatchObject({ matchedBy: 'new', related: first?.id });
});

it('joins a customer’s own mails, and relates a stranger who only names them', async () => {
  const first = await conversation({ From: JANE, Cc: 'kim@customer.example', 'Message-ID': '<root@customer.example>' });
  expect(first).toEqual({ id: expect.stringMatching(/^c-/), matchedBy: 'new', proof: 'none' });
  const answering = { 'Message-ID': '<b@x.example>', References: '<root@customer.example>' };
  const joined = { id: first.id, matchedBy: 'references-chain', proof: 'references' };
  expect(await conversation({ From: JANE.toUpperCase(), ...answering })).toEqual(joined);
  // He was named by her, so he is in it.
  expect(await conversation({ From: 'kim@customer.example', ...answering })).toEqual(joined);
  const stranger = await conversation({ From: EVE, ...answering });
  expect(stranger).toEqual({ id: expect.any(String), matchedBy: 'new', proof: 'none', related: first.id });
  expect(stranger.id).not.toBe(first.id);
  // Again, and by In-Reply-To: her own conversation, which nobody else joins.
  expect(await conversation({ From: EVE, 'In-Reply-To': '<root@customer.example>' })).toMatchObject(stranger);
  expect(await conversation({ From: 'other@stranger.example', ...answering })).not.toMatchObject({ id: stranger.id });
  // Whom she names does not come in by her.
  await conversation({ From: EVE, Cc: 'mallory@stranger.example', ...answering });
  expect(await conversation({ From: 'mallory@stranger.example', ...answering })).toMatchObject({ related: first.id });
});

it('never merges conversations by a Message-ID that somebody else used earlier or reuses', async () => {
  const id = { 'Message-ID': '<root@customer.example>' };
  // Before Jane's mail is there, Eve names it.
  const early = await conversation({ From: EVE, References: '<root@customer.example>' });
  const jane = await conversation({ From: JANE, ...id });
  expect(jane).toMatchObject({ matchedBy: 'new', proof: 'none', related: early.id });
  expect(jane.id).not.toBe(early.id);
  expect(await conversation({ From: JANE, References: '<root@customer.example>' })).toMatchObject({ id: jane.id });
  const again = await conversation({ From: 'third@stranger.example', ...id });
  expect([jane.id, early.id]).not.toContain(again.id);
});

it('joins participants by Thread-Index, and nobody else', async () => {
  const index = (children: number) =>
    Buffer.concat([Buffer.alloc(22, 7), Buffer.alloc(5 * children, 1)]).toString('base64');
  const mine = await conversation({ From: JANE, 'Thread-Index': index(1) });
  expect(await conversation({ From: JANE, 'Thread-Index': index(2) })).toEqual({
    id: mine.id,
    matchedBy: 'thread-index',
    proof: 'references',
  });
  expect(await conversation({ From: EVE, 'Thread-Index': index(2) })).toMatchObject({
    proof: 'none',
    related: mine.id,
  });
});

it('limits unsigned references to one flow and signed ones to none; a participant who answers us stays one', async () => {
  const headers = { From: JANE, References: '<root@customer.example>' };
  const here = await conversation(headers, 'Service');
  const there = await conversation(headers, 'Sales');
  expect(there.id).not.toBe(here.id);
  expect(there).not.toHaveProperty('related');
  const signed = { id: 'case-1', proof: 'signed' };
  expect(await conversation({ From: EVE, 'In-Reply-To': OURS }, 'Sales')).toMatchObject(signed);
  await sent();
  expect(await conversation({ From: JANE, References: '<x@y.example> <given@outlook.example>' })).toMatchObject(signed);
  const forged = OURS.replace('contoso.example', 'contoso.test');
  expect(await conversation({ From: JANE, 'In-Reply-To': forged })).toMatchObject({ proof: 'none' });
  // Forged ones beside it hide nothing.
  expect(await conversation({ From: JANE, 'In-Reply-To': `${forged} ${OURS}` })).toMatchObject(signed);
});

it('keeps hashes instead of addresses, for a limited time and in a limited number', async () => {
  const cc = Array.from({ length: 500 }, (_, i) => `c${i}@customer.example`).join(', ');
  await conversation({ From: JANE, Cc: cc, 'Message-ID': '<root@customer.example>' });
  const client = redis.client();
  const [key = ''] = await client.keys('*participants*');
  expect(await client.get(key)).toHaveLength(64 * 8);
  expect(await client.get(key)).not.toContain('jane');
  expect(await client.ttl(key)).toBeGreaterThan(29 * 86_400);
});

const report = (fields: string[], headers: Record<string, string> = {}) => {
  const [type, part] = fields[0]?.startsWith('Disposition')
    ? ['disposition-notification', 'message/disposition-notification']
    : ['delivery-status', 'message/delivery-status'];
  return mail(
    {
      From: EVE,
      Subject: 'Undeliverable',
      'Content-Type': `multipart/report; report-type=${type}; boundary=b`,
      ...headers,
    },
    [
      '--b',
      '',
      'Sorry.',
      '--b',
      `Content-Type: ${part}`,
      '',
      ...fields,
      '--b',
      'Content-Type: text/rfc822-headers',
      '',
      `Message-ID: ${headers['X-About'] ?? OURS}`,
      '',
      '--b--',
      '',
    ].join('\r\n'),
  );
};
const bounce = (recipient: string) => [
  'Reporting-MTA: dns; mx.example',
  '',
  `Final-Recipient: rfc822; ${recipient}`,
  'Action: failed',
  'Status: 5.1.1',
];

const linked = { replyId: 'reply-1', messageId: OURS, proof: 'recipient-matches' };
it.each([
  ['a bounce about the recipient', bounce(JANE), {}, linked],
  ['a bounce about the recipient in another case', bounce('JANE@Customer.Example'), {}, linked],
  ['a bounce about an address in Unicode', bounce('jörg@xn--bcher-kva.example'), {}, linked],
  ['a bounce with the id that the server assigned', bounce(JANE), { 'X-About': '<given@outlook.example>' }, linked],
  ['a bounce about somebody else', bounce(EVE), {}, undefined],
  [
    'a delivery report about somebody else',
    [...bounce(EVE).slice(0, 3), 'Action: delivered', 'Status: 2.0.0'],
    {},
    undefined,
  ],
  [
    'a receipt from somebody else',
    [
      'Disposition: manual-action/MDN-sent-manually; displayed',
      `Final-Recipient: rfc822; ${EVE}`,
      `Original-Message-ID: ${OURS}`,
    ],
    {},
    undefined,
  ],
  [
    'a receipt from the recipient',
    [
      'Disposition: manual-action/MDN-sent-manually; displayed',
      `Final-Recipient: rfc822; ${JANE}`,
      `Original-Message-ID: ${OURS}`,
    ],
    {},
    linked,
  ],
  [
    'a receipt that names no recipient',
    ['Disposition: manual-action/MDN-sent-manually; displayed', `Original-Message-ID: ${OURS}`],
    {},
    { ...linked, proof: 'message-id-only' },
  ],
] as const)('%s', async (_what, fields, headers, expected) => {
  await sent();
  const { deliveryStatus, conversation: joined } = await related(report([...fields], headers));
  expect(deliveryStatus?.reply).toEqual(expected);
  if (expected !== undefined) expect(joined).toMatchObject({ id: 'case-1', proof: 'signed' });
});

it('a report about a forgotten reply links by the Message-ID alone and marks it', async () => {
  const { deliveryStatus, conversation: joined } = await related(report(bounce(JANE)));
  expect(deliveryStatus?.reply).toEqual({ messageId: OURS, proof: 'message-id-only' });
  expect(joined).toMatchObject({ id: 'case-1' });
});

it.each([
  ['a person', 'Eve'],
  ['a sender without a name', ''],
])('prose of %s links no reply, even with the right recipient', async (_who, name) => {
  await sent();
  const text = `Delivery to the following recipient failed permanently:\n\n  <${JANE}>\n\n550 5.1.1 user unknown\n\nMessage-ID: ${OURS}\n`;
  const { deliveryStatus } = await related(
    mail({ From: `${name} <${EVE}>`, Subject: 'Undelivered Mail Returned to Sender' }, text.replaceAll('\n', '\r\n')),
  );
  expect(deliveryStatus?.reply).toBeUndefined();
});
