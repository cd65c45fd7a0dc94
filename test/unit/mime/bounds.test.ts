// A job has a size, whatever the mail: each string, each list and the whole.
import { describe, expect, test, vi } from 'vitest';
import { bounded, MAX_JOB_BYTES, maxUnits } from '../../../src/mime/bounds.ts';
import { type ParsedMessage, parseMessage } from '../../../src/mime/index.ts';
import { attacks, fill } from '../../support/hostile.ts';

// The oracle counts CPU and repeats what is over its bound: wall time is the machine's.
vi.setConfig({ testTimeout: 120_000 });

const jsonBytes = (message: ParsedMessage): number => Buffer.byteLength(JSON.stringify(message));
const parse = (raw: string): ParsedMessage => parseMessage(Buffer.from(raw, 'latin1'));
const shortened = (message: ParsedMessage): (string | undefined)[] =>
  message.warnings.filter(({ code }) => code === 'shortened').map(({ detail }) => detail);

/** A part with the longest of everything, in characters that JSON or UTF-8 make more of. */
const part = (k: number): string =>
  `--b\nContent-Type: image/${fill('x', 600)}\nContent-ID: <${fill('"', 900)}${k}@x>\nContent-Disposition: attachment; filename="${fill('\xe4\\\\', 500)}"\n\nx\n`;
const parts = Array.from({ length: 1000 }, (_, k) => part(k)).join('');
const list = (name: string, n: number): string =>
  `${name}: ${Array.from({ length: n }, (_, k) => `"${fill('\xe4', 90)}" <a${k}@b.example>`).join(',')}\n`;

const large = `From: a@b.example\nSubject: ${fill('\xe4\x01', 20_000)}\n${list('To', 500)}${list('Cc', 500)}References: ${Array.from({ length: 300 }, (_, k) => `<${fill('r', 150)}${k}@x>`).join(' ')}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n${fill('"\\', 200_000)}\n--b\nContent-Type: text/html\n\n<p>${fill('"\\', 200_000)}\n${parts}--b--\n`;

describe('a job', () => {
  test('is at most one megabyte of JSON, and reports what was cut', () => {
    const message = parse(large);
    expect(jsonBytes(message)).toBeLessThan(MAX_JOB_BYTES);
    expect(shortened(message)).toEqual(expect.arrayContaining(['subject', 'to', 'attachments']));
    expect(message.parse).toBe('truncated');
    expect(message.attachments.length).toBeGreaterThan(200);
    expect(message.text).toMatchObject({ truncated: true });
  });

  test('is no larger with every list and every text at its limit', () => {
    const strings = (n: number, length: number) => Array.from({ length: n }, (_, k) => `${fill('"', length)}${k}`);
    const addresses = strings(2_000, 20).map((name, k) => ({ name, address: `a${k}@b.example` }));
    const body = { value: fill('\x01', 500_000), length: 500_000, truncated: false };
    const nothing = parse('Subject: x\n\nx');
    const message = bounded({
      ...nothing,
      subject: fill('"', 5_000),
      from: addresses,
      replyTo: addresses,
      to: addresses,
      cc: addresses,
      deliveredTo: strings(1_000, 100),
      threading: { inReplyTo: strings(1_000, 100), references: strings(1_000, 100) },
      authenticationResults: strings(1_000, 100),
      deliveryStatus: { recipients: strings(2_000, 20).map((recipient) => ({ recipient, permanent: true })) },
      attachments: parse(large).attachments,
      text: body,
      html: body,
      replyText: body.value,
      warnings: strings(100, 200).map((detail) => ({ code: 'x', detail })),
    });
    expect(jsonBytes(message)).toBeLessThan(MAX_JOB_BYTES);
    expect(shortened(message)).toEqual(expect.arrayContaining(['from', 'recipients', 'text', 'html']));
  });

  test('is no larger with the inline limits at their maximum', () => {
    const quotes = fill('"', 250_000);
    const raw = Buffer.from(
      `Subject: x\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\n${quotes}\n--b\nContent-Type: text/html\n\n<p>${quotes}\n--b--\n`,
    );
    const message = parseMessage(raw, { inlineTextBytes: 1 << 20, inlineHtmlBytes: 1 << 20 });
    expect(jsonBytes(message)).toBeLessThan(MAX_JOB_BYTES);
    expect(shortened(message)).toContain('html');
  });

  test('contains no control characters, which JSON multiplies by six', () => {
    const message = parse(`Subject: x\n\nA${fill('\x01', 100_000)}B`);
    expect(message).toMatchObject({ text: { value: 'AB', truncated: false, length: 2 }, replyText: 'AB' });
    expect(shortened(message)).toEqual([]);
  });

  test('contains none from a character reference either: JSON at most doubles a text', () => {
    const references = Array.from({ length: 0x120 }, (_, code) => `&#${code};x&#x${code.toString(16)};`).join('');
    const message = parse(`Subject: x\nContent-Type: text/html\n\n<p>${references}`);
    for (const text of [message.text?.value ?? '', message.replyText ?? '']) {
      expect(text.length).toBeGreaterThan(300);
      expect(text.isWellFormed()).toBe(true);
      expect(Buffer.byteLength(JSON.stringify(text))).toBeLessThanOrEqual(2 * Buffer.byteLength(text) + 2);
      expect(JSON.stringify(text)).not.toContain('\\u00');
    }
  });

  test.each([
    ['subject', `Subject: ${fill('s', 9000)}\n\nx`, (m: ParsedMessage) => m.subject, maxUnits.subject],
    ['to', `To: "${fill('n', 3000)}" <a@b.example>\n\nx`, (m: ParsedMessage) => m.to[0]?.name, maxUnits.name],
    ['to', `To: <${fill('n', 900)}@b.example>\n\nx`, (m: ParsedMessage) => m.to[0]?.address, maxUnits.address],
    ['threadTopic', `Thread-Topic: ${fill('t', 9000)}\n\nx`, (m: ParsedMessage) => m.threading.threadTopic, 4000],
  ] as const)('%s has a limit', (what, raw, value, max) => {
    const message = parse(raw);
    expect(value(message)).toHaveLength(max);
    expect(shortened(message)).toEqual([what]);
  });

  test('is unchanged for an ordinary mail', () => {
    const message = parse(`Subject: x\nTo: J\xf6rg <a@b.example>\n\nline\n\n\ttab "quoted" \\ \xf6\n`);
    expect(shortened(message)).toEqual([]);
  });

  test.each(attacks)('$name keeps to the limit', ({ mail }) => {
    expect(jsonBytes(parseMessage(mail(1_000_000)))).toBeLessThan(MAX_JOB_BYTES);
  });
});

test('counts the recipients of a report once per mail', () => {
  const report = (part: number): string =>
    Array.from({ length: 400 }, (_, k) => `Final-Recipient: rfc822;${part}.${k}@b.example\nAction: failed\n\n`).join(
      '',
    );
  const message = parse(
    `From: MAILER-DAEMON@b.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n${[0, 1, 2].map((k) => `--b\nContent-Type: message/delivery-status\n\n${report(k)}`).join('')}--b--\n`,
  );
  expect(message.deliveryStatus?.recipients).toHaveLength(500);
});
