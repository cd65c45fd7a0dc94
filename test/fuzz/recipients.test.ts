// Recipients and senders made of what parsers disagree on: each is refused, or header and envelope say to a parser that nobody here wrote what
// was decided. FUZZ_MAILS sets how many replies (default: what fits into 10 s of CPU), FUZZ_SEED where the pseudo-random numbers begin.
import PostalMime from 'postal-mime';
import { expect, it } from 'vitest';
import { replySchema } from '../../src/contract/reply.ts';
import { normalAddress } from '../../src/domain/address.ts';
import { MailroomError } from '../../src/domain/errors.ts';
import { compose, readRecipients } from '../../src/outbound/compose.ts';
import { randomBelow } from '../support/random.ts';

const wanted = Number(process.env.FUZZ_MAILS ?? 0);
const seedNumber = Number(process.env.FUZZ_SEED ?? 1);
const DEFAULT_MILLIS = 10_000;

const SPACES = [0x20, 0x09, 0x85, 0xa0, 0x1680, 0x180e, 0x2000, 0x2009, 0x200a, 0x200b, 0x2028, 0x202f, 0x205f, 0x2060];
const PIECES = [
  ...SPACES.map((code) => String.fromCodePoint(code)),
  ...['\u3000', '\ufeff', '\u00ad', '\u034f', '\ufe0f', '\ud800', '\ue000', '\u0378', '\u{1f600}', '\u00a8', '\u037a'],
  ...[
    '@',
    '＠',
    '﹫',
    'ⓐ',
    '.',
    '．',
    '。',
    ',',
    '，',
    ';',
    ':',
    '<',
    '>',
    '＜',
    '"',
    "'",
    '\\',
    '(',
    ')',
    '[',
    ']',
    '%',
    '!',
  ],
  ...['a', 'b', 'zoë', 'ß', 'İ', 'example.net', 'example.org', 'bücher.example', 'xn--bcher-kva.example', '1.2.3.4'],
  ...['"a b"', '=?utf-8?Q?a?=', 'undisclosed:;', ' <x@example.org>', '\r\n', '\u0000', '\u202e'],
];

const EXPECTED = new Set(['RECIPIENT_INVALID', 'REPLY_TO_INVALID', 'HEADER_FORBIDDEN', 'RECIPIENT_MISSING']);

it('a reply is sent to exactly the decided recipients, or not at all', { timeout: 600_000 }, async () => {
  const began = process.cpuUsage();
  const spent = () => {
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1000;
  };
  let composed = 0;
  for (let n = 0; wanted > 0 ? n < wanted : spent() < DEFAULT_MILLIS; n++) {
    const seed = seedNumber + n;
    const random = randomBelow(seed);
    const text = (most: number) =>
      Array.from({ length: 1 + random(most) }, () => PIECES[random(PIECES.length)] ?? '').join('');
    // Mostly an address with one odd piece in it: what is wholly odd is refused by anybody.
    const address = (): string => {
      const local = random(3) === 0 ? text(4) : `a${random(2) === 0 ? text(1) : ''}b`;
      return `${local}@${random(4) === 0 ? text(3) : `c${random(4) === 0 ? text(1) : ''}d.example`}`;
    };
    const one = () => (random(2) === 0 ? { name: text(4), address: address() } : address());
    const given = {
      schema: 'mailroom.reply/1',
      replyId: 'f',
      to: [one(), 'good@example.com'],
      cc: random(2) === 0 ? [one()] : [],
      bcc: random(4) === 0 ? [address()] : [],
      ...(random(3) === 0 ? { replyTo: [one()] } : {}),
      subject: text(6),
      text: 'x',
    };
    const parsed = replySchema.safeParse(given);
    if (!parsed.success) continue;
    const name = random(2) === 0 ? '' : 'Contoso, "Service"';
    const sender = {
      from: { name, address: 'info@contoso.example' },
      envelopeFrom: 'info@contoso.example',
      personalFallback: false,
    };
    const where = `FUZZ_SEED=${seed} FUZZ_MAILS=1: ${JSON.stringify(given)}`;
    let made: Awaited<ReturnType<typeof compose>>;
    try {
      made = await compose({
        reply: parsed.data,
        bodies: { text: 'x' },
        sender,
        messageId: '<m@contoso.example>',
        date: new Date(0),
        attachments: [],
      });
    } catch (error) {
      // Our own reading must be strict enough: what it lets through is never read differently afterwards.
      expect(error instanceof MailroomError && EXPECTED.has(error.code), `${where}: ${String(error)}`).toBe(true);
      continue;
    }
    composed += 1;
    const decided = readRecipients(parsed.data);
    const mail = await PostalMime.parse(made.bytes);
    const normal = (list: readonly { address?: string | undefined }[] = []) =>
      list.map(({ address = '' }) => normalAddress(address));
    expect(normal(mail.to), where).toEqual(normal(decided.to));
    expect(normal(mail.cc), where).toEqual(normal(decided.cc));
    expect(normal(mail.replyTo), where).toEqual(normal(decided.replyTo));
    expect(mail.from, where).toMatchObject(sender.from);
    expect(made.envelope.to, where).toEqual(decided.all);
    // RFC 5321: what the server reads between < and >.
    for (const address of made.envelope.to) expect(address, where).not.toMatch(/[\s<>\p{Cc}]/u);
  }
  expect(composed).toBeGreaterThan(wanted > 0 ? 0 : 100);
});
