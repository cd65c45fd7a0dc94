// Mutated mails: the parser never throws or hangs, its slices stay within the mail, and what an attachment is said to be is what its slice gives.
// Seeds: test/fixtures/mails and, where it is there, the shared corpus. FUZZ_MAILS sets how many (default: what fits into 15 s), FUZZ_SEED where
// the pseudo-random numbers begin; a failure names both, so that it can be repeated and become a fixture.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeSlice, type ParsedMessage, parseMessage } from '../../src/mime/index.ts';
import { corpusIsThere, corpusRows, readCorpusMail } from '../corpus/score.ts';
import { randomBelow } from '../support/random.ts';

const wanted = Number(process.env.FUZZ_MAILS ?? 0);
const seedNumber = Number(process.env.FUZZ_SEED ?? 1);
const DEFAULT_MILLIS = 15_000;

/** CPU time since then in ms: a loaded machine makes wall clocks lie, and a hang burns CPU. */
const cpuMillis = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};

function seeds(): Buffer[] {
  const folder = new URL('../fixtures/mails/', import.meta.url);
  const own = readdirSync(folder).map((name) => readFileSync(new URL(name, folder)));
  const shared = corpusIsThere() ? corpusRows().map(({ file }) => readCorpusMail(file)) : [];
  return [...own, ...shared.filter((raw) => raw.length < 20_000)];
}

const tokens = [
  '\r\n',
  '\n',
  '\r',
  '\r\n\r\n',
  '--',
  '--b--',
  '=?utf-8?Q?',
  '?=',
  '=?gb2312?B?',
  '<',
  '>',
  '"',
  '(',
  ')',
  ';',
  ',',
  ':',
  '@',
  '=',
  '=\r\n',
  '\\',
  "*0*=utf-8''%",
  'begin 644 x\n',
  'end\n',
  '\u0000',
  '\x1b$B',
  '&#x110000;',
  '<blockquote',
  '<!--',
  '> ',
  'On 1 x wrote:',
  'From: a\nSent: b\nTo: c\n',
  'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n',
  'Content-Type: message/rfc822\r\n',
  'Content-Transfer-Encoding: base64\r\n',
  'charset=utf-16',
  'Content-Type: application/ms-tnef\r\n',
  'Content-Transfer-Encoding: quoted-printable\r\n',
  'Content-Transfer-Encoding: x-uuencode\r\n',
  '\ufffd',
  'ü',
].map((t) => Buffer.from(t));

function mutate(list: readonly Buffer[], random: (below: number) => number): Buffer {
  let raw = Buffer.from(list[random(list.length)] as Buffer);
  const rounds = 1 + random(6);
  for (let k = 0; k < rounds; k++) {
    const at = random(raw.length + 1);
    const to = Math.min(raw.length, at + 1 + random(random(4) === 0 ? 2000 : 40));
    switch (random(8)) {
      case 0:
        if (raw.length > 0) raw[random(raw.length)] = random(256);
        break;
      case 1:
        raw = Buffer.concat([raw.subarray(0, at), raw.subarray(to)]);
        break;
      case 2:
        raw = Buffer.concat([raw.subarray(0, to), raw.subarray(at)]);
        break;
      case 3:
      case 4:
        raw = Buffer.concat([raw.subarray(0, at), tokens[random(tokens.length)] as Buffer, raw.subarray(at)]);
        break;
      case 5: {
        const other = list[random(list.length)] as Buffer;
        raw = Buffer.concat([raw.subarray(0, at), other.subarray(random(other.length + 1))]);
        break;
      }
      case 6:
        raw = raw.subarray(0, at);
        break;
      default: {
        const token = tokens[random(tokens.length)] as Buffer;
        raw = Buffer.concat([
          raw.subarray(0, at),
          ...Array.from({ length: random(60) }, () => token),
          raw.subarray(at),
        ]);
      }
    }
    if (raw.length > 60_000) raw = raw.subarray(0, 60_000);
  }
  return raw;
}

async function* inChunks(bytes: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function problemOf(raw: Buffer, message: ParsedMessage, chunk: number): Promise<string | undefined> {
  if (message.parse === 'failed') return `failed: ${JSON.stringify(message.warnings)}`;
  for (const { n, slice, size, sha256, filename } of message.attachments) {
    if (slice.start < 0 || slice.end < slice.start || slice.end > raw.length)
      return `attachment ${n}: slice out of bounds`;
    if (filename === '' || /[/\\\u0000-\u001f\u202a-\u202e]/.test(filename)) return `attachment ${n}: unsafe name`;
    const hash = createHash('sha256');
    let length = 0;
    for await (const part of decodeSlice(slice, inChunks(raw.subarray(slice.start, slice.end), chunk))) {
      hash.update(part);
      length += part.length;
    }
    if (length !== size || hash.digest('hex') !== sha256)
      return `attachment ${n}: ${slice.encoding} gives ${length} bytes, not ${size}`;
  }
  return undefined;
}

describe('mutated mails', () => {
  it('are parsed without an exception, a hang or an invalid slice', async () => {
    const list = seeds();
    const random = randomBelow(seedNumber);
    const began = performance.now();
    let count = 0;
    let slowest = 0;
    let peak = 0;
    while (wanted > 0 ? count < wanted : performance.now() - began < DEFAULT_MILLIS) {
      const raw = mutate(list, random);
      const start = process.cpuUsage();
      const message = parseMessage(raw);
      const took = cpuMillis(start);
      slowest = Math.max(slowest, took);
      const problem = took > 1000 ? `took ${Math.round(took)} ms` : await problemOf(raw, message, 1 + random(500));
      if (problem !== undefined) {
        throw new Error(`mail ${count} of seed ${seedNumber}: ${problem}\n${raw.toString('base64').slice(0, 100_000)}`);
      }
      if (count++ % 1000 === 0) {
        peak = Math.max(peak, process.memoryUsage().heapUsed);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    console.log(
      `${count} mutated mails of ${list.length} seeds; slowest ${slowest.toFixed(1)} ms; heap at most ${Math.round(peak / 1e6)} MB`,
    );
    expect(peak).toBeLessThan(256e6);
  }, 7_200_000);

  it('are parsed in time proportional to their size', () => {
    const random = randomBelow(seedNumber);
    for (let k = 0; k < 40; k++) {
      const token = Buffer.concat([tokens[random(tokens.length)] as Buffer, tokens[random(tokens.length)] as Buffer]);
      const head = Buffer.from(k % 2 === 0 ? 'Content-Type: text/html\r\n\r\n' : 'Subject: x\r\nTo: ');
      const raw = Buffer.concat([head, ...Array.from({ length: Math.floor(400_000 / token.length) }, () => token)]);
      const start = process.cpuUsage();
      parseMessage(raw);
      expect(cpuMillis(start), JSON.stringify(token.toString())).toBeLessThan(1_000);
    }
  });
});
