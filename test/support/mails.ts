// Seeded generator of mails for filling mailboxes: the mix of the benchmarks (70 % 4-8 KB text and html, 25 % 30-100 KB html with an
// inline image, 5 % 0.5-2 MB attachment), umlauts, numbered Message-IDs and an X-Number header to find each one again.

import { seededRandom } from './random.ts';

type MailKind = 'small' | 'html' | 'attachment';

interface GeneratedMail {
  /** Number from 1, also in X-Number and the Message-ID. */
  readonly number: number;
  readonly kind: MailKind;
  readonly messageId: string;
  readonly subject: string;
  readonly from: string;
  readonly raw: Buffer;
}

interface MailsOptions {
  count: number;
  seed?: number;
  to?: string;
  /** Number of the first one; default 1. */
  first?: number;
  /** Part of the Message-ID that keeps several generators apart. */
  label?: string;
  /** Only mails of this kind. */
  kind?: MailKind;
  /** Date of the first mail; each next is one second later. */
  since?: Date;
}

const WORDS =
  'Guten Tag Bestellung Lieferung Rechnung Größe Übergabe schön Straße Kündigung Anfrage bitte vielen Dank für Ihre Rückmeldung Müller Käufer möglich prüfen Vertrag nächste Woche Gerät Störung Techniker Termin Zähler customer order please invoice delivery thanks regards question address'.split(
    ' ',
  );
const NAMES = ['Jörg Müller', 'Anna Schäfer', 'Zoë Groß', 'John Smith', 'Łukasz Żak', 'Renée O’Hara', 'Björn Öström'];

export function* mails(options: MailsOptions): Generator<GeneratedMail> {
  const random = seededRandom(options.seed ?? 1);
  const first = options.first ?? 1;
  const since = (options.since ?? new Date('2026-11-02T08:00:00Z')).getTime();
  for (let number = first; number < first + options.count; number++) {
    yield mail(number, random, options, new Date(since + (number - first) * 1000));
  }
}

/** One mail on its own, e.g. `oneMail({ number: 7, subject: 'Zähler defekt' })`. */
export function oneMail(options: Partial<MailsOptions> & { number: number }): GeneratedMail {
  const random = seededRandom((options.seed ?? 1) * 7919 + options.number);
  return mail(
    options.number,
    random,
    { count: 1, kind: 'small', ...options },
    options.since ?? new Date('2026-11-02T08:00:00Z'),
  );
}

function mail(number: number, random: () => number, options: MailsOptions, date: Date): GeneratedMail {
  const pick = <T>(list: readonly T[], fallback: T): T => list[Math.floor(random() * list.length)] ?? fallback;
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low));
  const dice = random();
  const kind = options.kind ?? (dice < 0.7 ? 'small' : dice < 0.95 ? 'html' : 'attachment');
  const words = (bytes: number) => {
    let text = '';
    while (text.length < bytes) text += `${pick(WORDS, 'Wort')}${random() < 0.09 ? '.\r\n' : ' '}`;
    return text;
  };
  const bytes = (length: number) => {
    const buffer = Buffer.allocUnsafe(length);
    for (let i = 0; i < length; i += 4)
      buffer.writeUInt32LE(Math.floor(random() * 4_294_967_296), Math.min(i, length - 4));
    return buffer;
  };
  const name = pick(NAMES, 'Kunde');
  const from = `kunde${number}@customer.example`;
  const subject = `Anfrage ${number}: ${pick(WORDS, 'Frage')} ${pick(WORDS, 'Frage')}`;
  const messageId = `<${options.label ?? `s${options.seed ?? 1}`}.${number}@customer.example>`;
  const boundary = `=_b${number}_${Math.floor(random() * 1e9).toString(36)}`;
  const head = [
    `Return-Path: <${from}>`,
    `Received: from mx.customer.example (mx.customer.example [192.0.2.25]) by mail.contoso.example; ${rfc5322(date)}`,
    `From: ${encoded(name)} <${from}>`,
    `To: ${options.to ?? 'support@contoso.example'}`,
    `Subject: ${encoded(subject)}`,
    `Date: ${rfc5322(date)}`,
    `Message-ID: ${messageId}`,
    `X-Number: ${number}`,
    'MIME-Version: 1.0',
  ];
  const text = (body: string) =>
    `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${body}\r\n`;
  const html = (body: string) =>
    `Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(Buffer.from(body))}\r\n`;
  const page = (body: string, image = '') =>
    `<html><head><style>p { color: #222 }</style></head><body>${body.replace(/(.+)\r\n/g, '<p>$1</p>\r\n')}${image}</body></html>`;
  const multipart = (type: string, mark: string, parts: string[]) =>
    `Content-Type: multipart/${type}; boundary="${mark}"\r\n\r\n${parts.map((part) => `--${mark}\r\n${part}`).join('')}--${mark}--\r\n`;

  let content: string;
  if (kind === 'small') {
    const body = words(between(1_800, 3_000));
    content = multipart('alternative', boundary, [text(body), html(page(words(between(1_200, 2_600))))]);
  } else if (kind === 'html') {
    const image = `Content-Type: image/png; name="logo.png"\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <logo${number}@customer.example>\r\nContent-Disposition: inline; filename="logo.png"\r\n\r\n${base64(bytes(between(6_000, 20_000)))}\r\n`;
    const alternative = multipart('alternative', `${boundary}a`, [
      text(words(between(2_000, 6_000))),
      html(page(words(between(12_000, 40_000)), `<img src="cid:logo${number}@customer.example">`)),
    ]);
    content = multipart('related', boundary, [alternative, image]);
  } else {
    const pdf = `Content-Type: application/pdf; name="Rechnung ${number}.pdf"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="Rechnung ${number}.pdf"\r\n\r\n${base64(bytes(between(380_000, 1_450_000)))}\r\n`;
    content = multipart('mixed', boundary, [text(words(between(1_000, 4_000))), pdf]);
  }
  return { number, kind, messageId, subject, from, raw: Buffer.from(`${head.join('\r\n')}\r\n${content}`) };
}

/** RFC 5322 date-time in UTC. */
const rfc5322 = (date: Date) => date.toUTCString().replace('GMT', '+0000');

/** RFC 2047 encoded word where it needs one. */
const encoded = (text: string) =>
  /^[\x20-\x7e]*$/.test(text) ? text : `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`;

const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/.{76}/g, '$&\r\n');
