// Parse speed: ours beside mailparser (lean) and postal-mime on one generated mix, interleaved in rounds; and mails of 25 MB (large-mails.ts).
// `node bench/parse.ts [mails] [rounds]`, or `npm run bench -- parse`. Prints a table and, as the last line, JSON.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { simpleParser } from 'mailparser';
import PostalMime from 'postal-mime';
import { parseMessage } from '../src/mime/index.ts';
import { seededRandom } from '../test/support/random.ts';
import { tempDir } from '../test/support/temp.ts';
import { type Block, LARGE_MAILS, largeMails } from './large-mails.ts';

const run = promisify(execFile);

const words =
  'the customer order number invoice please delivery with regards question about received answer Grüße für können über straße thank you Lieferung and not yet arrived'.split(
    ' ',
  );

function prose(random: () => number, bytes: number): string {
  let out = '';
  let column = 0;
  while (out.length < bytes) {
    const word = words[Math.floor(random() * words.length)] ?? 'the';
    out += word;
    column += word.length + 1;
    if (column > 70) {
      out += '\r\n';
      column = 0;
    } else out += ' ';
  }
  return out;
}

const quotedPrintable = (text: string): string =>
  [...Buffer.from(text)]
    .map((b) => (b === 0x3d || b > 0x7e ? `=${b.toString(16).toUpperCase().padStart(2, '0')}` : String.fromCharCode(b)))
    .join('');

function base64Lines(random: () => number, bytes: number): string {
  const data = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i++) data[i] = Math.floor(random() * 256);
  return data.toString('base64').replace(/(.{76})/g, '$1\r\n');
}

const head = (k: number): string =>
  [
    'Received: from mail.example.com (mail.example.com [192.0.2.1]) by mx.example.net with ESMTPS id abc123; Mon, 2 Nov 2026 09:12:13 +0100',
    'Received: from desktop (unknown [198.51.100.7]) by mail.example.com; Mon, 2 Nov 2026 09:12:12 +0100',
    'Authentication-Results: mx.example.net; dkim=pass header.d=example.com; spf=pass',
    `Message-ID: <${k}.abc@example.com>`,
    'In-Reply-To: <earlier@example.net>',
    'References: <first@example.net> <earlier@example.net>',
    'From: =?utf-8?Q?J=C3=BCrgen_M=C3=BCller?= <juergen@example.com>',
    'To: Service <service@example.net>, "Second, One" <second@example.net>',
    `Subject: =?utf-8?B?${Buffer.from(`Frage zur Lieferung Nr. ${k} – bitte prüfen`).toString('base64')}?=`,
    'Date: Mon, 2 Nov 2026 09:12:11 +0100',
    'MIME-Version: 1.0',
  ].join('\r\n');

/** 70 % text and html of 4–8 KB, 25 % html of 30–100 KB with an inline image, 5 % with attachments of 0.5–2 MB. */
export function mix(count: number, seed = 1): Buffer[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, k) => {
    const kind = k % 20;
    const size = kind < 14 ? 2000 + random() * 2000 : kind < 19 ? 20_000 + random() * 50_000 : 3000;
    const text = prose(random, kind < 14 ? size : 2000);
    const html = `<html><body><p>${prose(random, size).replaceAll('\r\n', '<br>\r\n')}</p></body></html>`;
    const alternative = [
      'Content-Type: multipart/alternative; boundary="alt"',
      '',
      '--alt',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: 8bit',
      '',
      text,
      '--alt',
      'Content-Type: text/html; charset=utf-8',
      'Content-Transfer-Encoding: quoted-printable',
      '',
      quotedPrintable(html),
      '--alt--',
      '',
    ].join('\r\n');
    if (kind < 14) return Buffer.from(`${head(k)}\r\n${alternative}`);
    const image = kind < 19;
    const outer = [
      `Content-Type: multipart/${image ? 'related' : 'mixed'}; boundary="out"`,
      '',
      '--out',
      alternative,
      '--out',
      image ? 'Content-Type: image/png; name="logo.png"' : 'Content-Type: application/pdf; name="offer.pdf"',
      'Content-Transfer-Encoding: base64',
      image ? 'Content-ID: <logo@example.com>' : 'Content-Disposition: attachment; filename="offer.pdf"',
      '',
      base64Lines(random, image ? 8000 : 400_000 + random() * 1_100_000),
      '--out--',
      '',
    ].join('\r\n');
    return Buffer.from(`${head(k)}\r\n${outer}`);
  });
}

export interface ParseBench {
  mails: number;
  megabytes: number;
  /** Messages a second of wall clock, median of the rounds. */
  rates: Record<string, number>;
  /** CPU milliseconds (user and system, garbage collection included) per 1,000 messages, median of the rounds. */
  cpu: Record<string, number>;
  /** CPU time of the cheaper peer over ours: on a shared machine the fairer measure. */
  factor: number;
  /** The same by wall clock. */
  factorWall: number;
  /** Mails of 25 MB through the parser's workers, as the gateway reads them; the block is the main thread's. */
  blocks: Record<string, Block>;
}

const lean = { skipHtmlToText: true, skipTextToHtml: true, skipImageLinks: true, skipTextLinks: true };

/** @param large also how long mails of 25 MB hold the event loop: two minutes more */
export async function benchParse(count = 400, rounds = 5, large = true): Promise<ParseBench> {
  const mails = mix(count);
  const parsers: Record<string, (raw: Buffer) => unknown> = {
    mailroom: (raw) => parseMessage(raw),
    'mailparser lean': (raw) => simpleParser(raw, lean),
    'postal-mime': (raw) => PostalMime.parse(raw),
  };
  const times: Record<string, number[]> = {};
  const cpuTimes: Record<string, number[]> = {};
  for (let round = 0; round <= rounds; round++) {
    for (const [name, parse] of Object.entries(parsers)) {
      const before = process.cpuUsage();
      const began = performance.now();
      for (const raw of mails) await parse(raw);
      const took = performance.now() - began;
      const used = process.cpuUsage(before);
      // The first round warms up.
      if (round > 0) {
        const list = times[name] ?? [];
        list.push(took);
        times[name] = list;
        const cpuList = cpuTimes[name] ?? [];
        cpuList.push((used.user + used.system) / 1000);
        cpuTimes[name] = cpuList;
      }
    }
  }
  const rates: Record<string, number> = {};
  const cpu: Record<string, number> = {};
  for (const [name, list] of Object.entries(times)) rates[name] = Math.round((count * 1000) / median(list));
  for (const [name, list] of Object.entries(cpuTimes)) cpu[name] = Math.round((median(list) * 1000) / count);
  const others = Object.keys(parsers).filter((name) => name !== 'mailroom');
  const tenth = (value: number): number => Math.round(value * 10) / 10;
  return {
    mails: count,
    megabytes: tenth(mails.reduce((sum, raw) => sum + raw.length, 0) / 1e6),
    rates,
    cpu,
    factor: tenth(Math.min(...others.map((name) => cpu[name] ?? 0)) / (cpu.mailroom ?? 1)),
    factorWall: tenth((rates.mailroom ?? 0) / Math.max(...others.map((name) => rates[name] ?? 0))),
    blocks: large ? await blocks() : {},
  };
}

const median = (list: number[]): number => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;

/** Each kind of large mail in a fresh process, whose heap nothing else has grown; of three runs the one with the shortest block is the least disturbed. */
async function blocks(): Promise<Record<string, Block>> {
  const dir = tempDir('large-mails');
  const result: Record<string, Block> = {};
  try {
    for (const kind of Object.keys(largeMails)) {
      const file = join(dir.path, 'mail.eml');
      await run(process.execPath, [LARGE_MAILS, 'make', kind, file]);
      for (let k = 0; k < 3; k++) {
        const { stdout } = await run(process.execPath, ['--expose-gc', LARGE_MAILS, 'measure', file]);
        const block = JSON.parse(stdout) as Block;
        const known = result[kind];
        if (known === undefined || block.longestBlockCpu < known.longestBlockCpu) result[kind] = block;
      }
    }
  } finally {
    dir.remove();
  }
  return result;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const result = await benchParse(Number(process.argv[2] ?? 400), Number(process.argv[3] ?? 5));
  console.log(`${result.mails} mails, ${result.megabytes} MB`);
  for (const [name, rate] of Object.entries(result.rates))
    console.log(
      `${name.padEnd(18)}${String(rate).padStart(8)} mails/s${String(result.cpu[name]).padStart(8)} CPU ms / 1,000`,
    );
  console.log(`factor over the faster peer: ${result.factor} by CPU, ${result.factorWall} by wall clock`);
  for (const [name, b] of Object.entries(result.blocks))
    console.log(
      `25 MB ${name.padEnd(26)}${b.milliseconds} ms, longest block ${b.longestBlock} ms (CPU ${b.longestBlockCpu}), ${b.peakMegabytes} MB beside the mail`,
    );
  console.log(JSON.stringify(result));
}
