// What a reply refers to, read back from the mail that is prepared: attachments by reference, the original quoted, the thread's headers; and
// what the mail may weigh once it is encoded, said before anybody connects.

import { Readable } from 'node:stream';
import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../../src/contract/message.ts';
import { replySchema } from '../../../src/contract/reply.ts';
import type { BlobStore } from '../../../src/domain/blob-store.ts';
import { MailroomError } from '../../../src/domain/errors.ts';
import { outboundDefaults } from '../../../src/outbound/index.ts';
import { prepare } from '../../../src/outbound/prepare.ts';
import { replyBodies } from '../../../src/parsing/reply-bodies.ts';
import { folderBlobs, storeBlob } from '../../support/blobs.ts';
import { fileFolder } from '../../support/fixture.ts';
import { smtpServer } from '../../support/servers.ts';

const dir = fileFolder('prepare');
const store = await folderBlobs(dir);

const DATE = new Date('2026-11-25T10:00:00Z');
const ORIGINAL = [
  'Subject: Anfrage',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: application/pdf',
  'Content-Transfer-Encoding: base64',
  '',
  Buffer.from('%PDF-1.7 Rechnung').toString('base64'),
  '--b--',
  '',
].join('\r\n');
const ENCODED = Buffer.from('%PDF-1.7 Rechnung').toString('base64');

/** The message that is answered, its raw mail in the store. */
async function original(blobs: BlobStore): Promise<Message> {
  const { blob } = await storeBlob(blobs, Buffer.from(ORIGINAL));
  const start = ORIGINAL.indexOf(ENCODED);
  return {
    messageKey: 'm-1',
    conversation: { id: 'c-of-the-message', matchedBy: 'new' },
    automatic: { kind: 'none', evidence: [], mayAutoRespond: true },
    from: [{ name: 'Zoë', address: 'zoe@example.net' }],
    receivedAt: '2026-11-24T08:30:00.000Z',
    text: { value: 'Wo bleibt die Rechnung?', truncated: false, length: 23 },
    raw: { blob, size: ORIGINAL.length },
    attachments: [
      { n: 1, contentType: 'application/pdf', slice: { start, end: start + ENCODED.length, encoding: 'base64' } },
    ],
  } as unknown as Message;
}

interface Given {
  reply?: Record<string, unknown>;
  maxSize?: number;
  blobs?: BlobStore;
}

async function prepared({ reply = {}, maxSize, blobs = store }: Given = {}) {
  const message = await original(blobs);
  const parsed = replySchema.parse({
    schema: 'mailroom.reply/1',
    replyId: 'r',
    from: 'info@contoso.example',
    to: ['zoe@example.net'],
    subject: 'AW: Ihre Anfrage',
    text: 'Anbei.',
    ...reply,
  });
  const made: { conversationId: string }[] = [];
  const { bytes, change } = await prepare(
    {
      blobs,
      readMessage: async (key) => (key === 'm-1' ? message : undefined),
      replyBodies: async (input) => replyBodies(input),
      makeMessageId: (input) => {
        made.push(input);
        return '<made@contoso.example>';
      },
      pace: { automaticBudget: async () => undefined } as never,
      servers: () => [smtpServer(25)],
    },
    outboundDefaults,
    smtpServer(25),
    parsed,
    DATE,
    maxSize,
  );
  if (bytes === undefined) throw new Error('kept in memory only when small');
  const head =
    bytes
      .toString('latin1')
      .split('\r\n\r\n', 1)[0]
      ?.replace(/\r\n[ \t]/g, ' ') ?? '';
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1];
  return { made, bytes, change, field, mail: await PostalMime.parse(bytes) };
}

const attached = (size: number) => ({
  attachments: [{ filename: 'a.bin', content: Buffer.alloc(size, 7).toString('base64') }],
});

describe('size', () => {
  it('is counted as encoded, a third more than the files: refused with both numbers, or accepted', async () => {
    // 80,000 bytes are under the limit, and over it as base64 in lines of 76.
    const refused = await prepared({ reply: attached(80_000), maxSize: 100_000 }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'MESSAGE_TOO_LARGE', field: 'attachments' });
    const [size = 0, limit] = (refused as Error).message.match(/\d+/g)?.map(Number) ?? [];
    expect(limit).toBe(100_000);
    expect(size).toBeGreaterThan((80_000 * 4 * 78) / (3 * 76));
    expect(size).toBeLessThan(112_000);
    // The very mail, one byte less and exactly as large as the server takes.
    await expect(prepared({ reply: attached(80_000), maxSize: size - 1 })).rejects.toThrow(`has ${size} bytes`);
    expect((await prepared({ reply: attached(80_000), maxSize: size })).change.renderedSize).toBe(size);
  });

  it('is not checked before the server has announced its SIZE', async () => {
    expect((await prepared({ reply: attached(300_000) })).change.renderedSize).toBeGreaterThan(400_000);
  });
});

describe('an attachment by reference', () => {
  it('of a blob, and of the answered message, is decoded', async () => {
    const blobs = store;
    const { blob } = await storeBlob(blobs, Buffer.from([0, 1, 2, 255]));
    const { mail } = await prepared({
      blobs,
      reply: {
        attachments: [
          { filename: 'blob.bin', contentType: 'application/x-own', blob },
          { filename: 'Rechnung.pdf', message: { messageKey: 'm-1', n: 1 } },
        ],
      },
    });
    expect(mail.attachments.map(({ filename, mimeType }) => [filename, mimeType])).toEqual([
      ['blob.bin', 'application/x-own'],
      ['Rechnung.pdf', 'application/pdf'],
    ]);
    const [first, second] = mail.attachments.map(({ content }) => Buffer.from(content as ArrayBuffer));
    expect(first).toEqual(Buffer.from([0, 1, 2, 255]));
    expect(second?.toString()).toBe('%PDF-1.7 Rechnung');
  });

  it.each([
    ['of an unknown message', { message: { messageKey: 'm-2', n: 1 } }],
    ['that the message does not have', { message: { messageKey: 'm-1', n: 2 } }],
    ['of a missing blob', { blob: 'f'.repeat(64) }],
  ])('%s: refused, naming the attachment', async (_what, reference) => {
    const attachments = [
      { filename: 'a', content: 'YQ==' },
      { filename: 'b', ...reference },
    ];
    await expect(prepared({ reply: { attachments } })).rejects.toMatchObject({
      code: 'ATTACHMENT_UNAVAILABLE',
      field: 'attachments[1]',
    });
  });

  it('in a blob store that is away for a moment: retried, not refused', async () => {
    const blobs = { ...store };
    blobs.read = () =>
      Readable.from(
        (async function* () {
          yield Buffer.from('half');
          throw new MailroomError('BLOB_STORE_UNAVAILABLE');
        })(),
      );
    const attachments = [{ filename: 'b', blob: 'f'.repeat(64) }];
    await expect(prepared({ blobs, reply: { attachments } })).rejects.toMatchObject({ code: 'BLOB_STORE_UNAVAILABLE' });
  });
});

describe('the original message', () => {
  const answers = { messageKey: 'm-1', messageId: '<q@example.net>' };

  it('is quoted on request, in text and html', async () => {
    const { mail } = await prepared({ reply: { answers, quote: true, html: '<p>Anbei.</p>' } });
    expect(mail.text?.replaceAll('\r\n', '\n').trimEnd()).toBe(
      'Anbei.\n\nZoë, 2026-11-24 08:30 UTC:\n> Wo bleibt die Rechnung?',
    );
    expect(mail.html).toMatch(/^<p>Anbei\.<\/p>.*<blockquote[^>]*>.*Wo bleibt die Rechnung\?.*<\/blockquote>/s);
  });

  it('is not quoted without a request', async () => {
    expect((await prepared({ reply: { answers } })).mail.text?.trim()).toBe('Anbei.');
  });

  it('that is no longer stored: the reply is refused, not sent without it', async () => {
    const gone = { ...answers, messageKey: 'm-2' };
    await expect(prepared({ reply: { answers: gone, quote: true } })).rejects.toMatchObject({
      code: 'QUOTE_UNAVAILABLE',
      field: 'answers.messageKey',
    });
  });
});

describe('thread headers', () => {
  const parent = Buffer.concat([Buffer.from([1]), Buffer.alloc(21, 9)]);

  it('continue the given ones', async () => {
    const { field } = await prepared({
      reply: { answers: { threadTopic: 'Anfrage 7', threadIndex: parent.toString('base64'), subject: 'Re: anderes' } },
    });
    const index = Buffer.from(field('Thread-Index') ?? '', 'base64');
    expect([field('Thread-Topic'), index.length, index.subarray(0, 22).equals(parent)]).toEqual([
      'Anfrage 7',
      27,
      true,
    ]);
  });

  it.each([
    ['the answered subject', { answers: { subject: 'Re: WG: Angebot' } }, 'Angebot'],
    ['the reply’s own subject', {}, 'Ihre Anfrage'],
  ])('that are missing are created: topic of %s, a head of 22 bytes', async (_what, reply, topic) => {
    const { field } = await prepared({ reply });
    const index = Buffer.from(field('Thread-Index') ?? '', 'base64');
    expect([field('Thread-Topic'), index.length, index[0]]).toEqual([topic, 22, 1]);
  });
});

it.each([
  ['its own', { conversationId: 'c-own', answers: { messageKey: 'm-1' } }, 'c-own'],
  ['that of the message it answers', { answers: { messageKey: 'm-1' } }, 'c-of-the-message'],
  ['a new one for a missing message', { answers: { messageKey: 'm-2' } }, 'r'],
  ['a new one', {}, 'r'],
])('a reply has a conversation: %s', async (_whose, reply, conversationId) => {
  expect((await prepared({ reply })).made).toEqual([{ conversationId, replyId: 'r', domain: 'contoso.example' }]);
});
