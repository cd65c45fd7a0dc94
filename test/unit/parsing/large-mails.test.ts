// The largest mails that servers take: the main thread hands them over and is free for everything else. Measured as its CPU, which a loaded machine
// does not change.
import { afterAll, describe, expect, it } from 'vitest';
import { openParsing } from '../../../src/parsing/index.ts';
import { watchBlocks } from '../../support/cpu.ts';
import { fill } from '../../support/hostile.ts';

const BYTES = 48_000_000;
/** CPU of the main thread without a pause, ms; of the old parser 7,000 to 14,000. Some kernels count by ticks of 10 ms. */
const LONGEST_BLOCK = 100;
/** CPU of the main thread in all, ms: its own ticks, and what comes back. The parser takes 100 to 500. */
const MOST_OF_MAIN = 150;

const head = 'From: a@b.example\r\nTo: c@d.example\r\nSubject: large\r\nMIME-Version: 1.0\r\n';
const base64 = `${'QUJD'.repeat(19)}\r\n`;
const kinds: [name: string, mail: () => string][] = [
  ['text on one line', () => `${head}\r\n${fill('a ', BYTES)}`],
  [
    'an attachment in base64',
    () =>
      `${head}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n${fill(base64, BYTES)}\r\n--b--\r\n`,
  ],
  [
    'texts of 20 MB',
    () =>
      `${head}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n${fill('line of text\r\n', 20_000_000)}\r\n--b\r\nContent-Type: text/html\r\n\r\n${fill('<p>line of <i>text</i>\r\n', 20_000_000)}\r\n--b--\r\n`,
  ],
  ['bare CRs', () => `${head}\r\n${fill('abc\r', BYTES)}`.replaceAll('\r\n', '\r')],
  ['a uuencoded file', () => `${head}\r\nbegin 644 a\r\n${fill(`M${'#86)C'.repeat(12)}\r\n`, BYTES)}\`\r\nend\r\n`],
];

describe('a mail of 48 MB', () => {
  const parsing = openParsing({ timeoutMs: 60_000 });
  afterAll(() => parsing.stop());

  it.each(kinds)(
    '%s',
    async (_, made) => {
      const text = made();
      // Memory of its own, as ingest has it: it is handed over.
      const raw = Buffer.allocUnsafeSlow(text.length);
      raw.write(text, 'latin1');
      const watch = watchBlocks();
      const message = await parsing.parseLarge(raw);
      const { total, longest } = watch.end();
      expect(message).toMatchObject({ parse: 'complete', subject: 'large' });
      expect(longest).toBeLessThan(LONGEST_BLOCK);
      expect(total).toBeLessThan(MOST_OF_MAIN);
    },
    60_000,
  );
});
