// Every text and html over an inline bound is fetched whole, through the HTTP API and by the typed consumer's text() and html().
import { createHash } from 'node:crypto';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { consumeMessages } from '../../../src/consumer/index.ts';
import type { Message } from '../../../src/contract/message.ts';
import { emailFlowQueue, MESSAGE_JOB, PREFIX } from '../../../src/contract/names.ts';
import { createHttp, type Http } from '../../../src/http/index.ts';
import { htmlToText } from '../../../src/mime/index.ts';
import {
  createWholeBodies,
  openParsing,
  type PackedMessage,
  type Parsing,
  unpacked,
} from '../../../src/parsing/index.ts';
import { cmsBody, streamedSignedData } from '../../support/cms.ts';
import { fixture } from '../../support/fixture.ts';
import { startRedis } from '../../support/redis.ts';
import { fakeApi, fakeDeps, message } from '../../unit/http/fixtures.ts';

const KB = 1024;
const FLOW = 'Bodies';
let http: Http;
let parsing: Parsing;
let url: string;
const raws = new Map<string, Buffer>();
const messages = new Map<string, Message>();

async function* read(blob: string, { start, end }: { start: number; end: number }) {
  yield (raws.get(blob) as Buffer).subarray(start, end);
}

const redis = fixture(startRedis);
beforeAll(async () => {
  parsing = openParsing({ timeoutMs: 30_000, inlineTextBytes: 8 * KB, inlineHtmlBytes: 4 * KB });
  const api = fakeApi({
    readMessage: async (key) => messages.get(key),
    wholeBody: createWholeBodies(read, parsing),
  });
  http = await createHttp(fakeDeps({ api }));
  url = `http://127.0.0.1:${(await http.listen()).port}`;
});
afterAll(async () => {
  await http.close();
  await parsing.stop();
});

const part = (type: string, body: string) => `Content-Type: text/${type}; charset=utf-8\r\n\r\n${body}`;
const multipart = (kind: string, ...parts: string[]) =>
  `Content-Type: multipart/${kind}; boundary=x\r\n\r\n${parts.map((one) => `--x\r\n${one}\r\n`).join('')}--x--\r\n`;
/** About this many bytes. */
const html = (bytes: number) => `<div>${'<p class="a">Grüße &amp; mehr</p>\r\n'.repeat(bytes / 37)}</div>`;
const text = (bytes: number) => 'Grüße und mehr\r\n'.repeat(bytes / 18);
const shown = (source: string) => source.replaceAll('\r\n', '\n');

interface Case {
  mail: string;
  text: string;
  html?: string;
  /** As an older version wrote it, or a bound left it: cut without parts. */
  partless?: boolean;
}
const alternative = (plain: string, rich: string): Case => ({
  mail: multipart('alternative', part('plain', plain), part('html', rich)),
  text: shown(plain),
  html: rich,
});
const derived = (rich: string): Case => ({ mail: part('html', rich), text: htmlToText(rich).text, html: rich });
const signed = (inside: Case): Case => ({ ...inside, mail: cmsBody(streamedSignedData(Buffer.from(inside.mail))) });
const many = Array.from({ length: 120 }, (_, i) => `part ${i}: ${'x'.repeat(100)}`);

it.each<[string, Case]>([
  ['neither is cut', alternative(text(500), html(500))],
  ['html between 4 and 8 KB', alternative(text(500), html(6 * KB))],
  ['html between 8 and 32 KB', alternative(text(500), html(20 * KB))],
  ['html over 32 KB', alternative(text(500), html(50 * KB))],
  ['html of a megabyte', alternative(text(500), html(1024 * KB))],
  ['text over its limit', alternative(text(40 * KB), html(500))],
  ['both', alternative(text(400 * KB), html(400 * KB))],
  ['plain text only', { mail: part('plain', text(40 * KB)), text: shown(text(40 * KB)) }],
  ['html only, with a short text', derived(html(6 * KB))],
  ['html only, with its text cut as well', derived(html(60 * KB))],
  ['html only, of a megabyte', derived(html(1024 * KB))],
  ['120 texts', { mail: multipart('mixed', ...many.map((one) => part('plain', one))), text: many.join('\n') }],
  ['text within a signature', signed(alternative(text(60 * KB), html(60 * KB)))],
  ['html only, within a signature', signed(derived(html(60 * KB)))],
  ['html with a text made from it, without parts', { ...derived(html(60 * KB)), partless: true }],
  ['text and html, without parts', { ...alternative(text(60 * KB), html(60 * KB)), partless: true }],
])('%s', async (name, { mail, text: expectedText, html: expectedHtml, partless }) => {
  const raw = Buffer.from(`From: kim@example.org\r\n${mail}`);
  const blob = createHash('sha256').update(raw).digest('hex');
  const [parsed] = await parsing.parse([raw]);
  const messageKey = `m-${name.replaceAll(/\W/g, '-')}`;
  const stored: Message = {
    ...message,
    ...unpacked(parsed as PackedMessage),
    emailFlow: FLOW,
    messageKey,
    raw: { blob, size: raw.length, sha256: blob },
  };
  if (partless === true) for (const body of [stored.text, stored.html]) delete body?.parts;
  raws.set(blob, raw);
  messages.set(messageKey, stored);
  for (const kind of ['text', 'html'] as const) {
    const answer = await fetch(`${url}/v1/messages/${messageKey}/${kind}`, {
      headers: { authorization: 'Bearer token-of-desk' },
    });
    const expected = kind === 'text' ? expectedText : expectedHtml;
    expect(answer.status).toBe(expected === undefined ? 404 : 200);
    // What the parser makes of a text has no line end at its end.
    if (expected !== undefined) expect((await answer.text()).trimEnd()).toBe(expected.trimEnd());
  }

  const queue = new Queue(emailFlowQueue(FLOW), { connection: { url: redis.url }, prefix: PREFIX });
  await queue.add(MESSAGE_JOB, stored, { jobId: messageKey });
  const fetched = await new Promise<{ text: string; html: string | undefined }>((resolve, reject) => {
    const consumer = consumeMessages({
      redis: redis.url,
      emailFlow: FLOW,
      attempts: 1,
      api: { url, token: 'token-of-desk' },
      onError: reject,
      async onMessage(_message, tools) {
        const whole = {
          text: await new Response(await tools.text()).text(),
          html: expectedHtml === undefined ? undefined : await new Response(await tools.html()).text(),
        };
        // Not awaited: it waits for this very message.
        void consumer.close().then(() => resolve(whole), reject);
      },
    });
  });
  await queue.close();
  expect(fetched.text.trimEnd()).toBe(expectedText.trimEnd());
  expect(fetched.html?.trimEnd()).toBe(expectedHtml?.trimEnd());
});
