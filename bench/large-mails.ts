// Mails of 25 MB, each of another hostile or merely large kind, and what one of them costs in a process of its own: how long the event loop is
// held, and memory. `node --expose-gc bench/large-mails.ts <kind>` measures one and prints JSON; bench/parse.ts runs them all.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { openParsing } from '../src/parsing/index.ts';

const LARGE = 25 << 20;
const HEAD = [
  'Message-ID: <1.abc@example.com>',
  'From: =?utf-8?Q?J=C3=BCrgen_M=C3=BCller?= <juergen@example.com>',
  'To: Service <service@example.net>',
  'Subject: Frage zur Lieferung',
  'Date: Mon, 2 Nov 2026 09:12:11 +0100',
  'MIME-Version: 1.0',
  '',
].join('\r\n');

const base64Of = (bytes: number): string =>
  Buffer.alloc(bytes, 'Mailroom')
    .toString('base64')
    .replace(/(.{76})/g, '$1\r\n');

const mail = (contentHeaders: string, body: string | Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${HEAD}${contentHeaders}\r\n\r\n`), Buffer.from(body)]);
const filled = (line: string, bytes = LARGE): Buffer => Buffer.alloc(bytes, line);
const part = (contentHeaders: string, body: string): string => `--x\r\n${contentHeaders}\r\n\r\n${body}\r\n`;
const MIXED = 'Content-Type: multipart/mixed; boundary="x"';
const PDF = 'Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64';

export const largeMails: Record<string, () => Buffer> = {
  pdf: () => mail(MIXED, `${part('Content-Type: text/plain', 'hello')}${part(PDF, base64Of(18 << 20))}--x--\r\n`),
  html: () =>
    mail(
      'Content-Type: text/html; charset=utf-8',
      filled('<div class="a"><p>Grüße an alle <b>Kunden</b></p></div>\r\n'),
    ),
  text: () =>
    mail(
      'Content-Type: text/plain; charset=utf-8',
      filled('Grüße an alle Kunden, the order has not yet arrived: please\r\n'),
    ),
  dashes: () => mail(MIXED, filled('--\r\n')),
  'text in base64': () =>
    mail('Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64', base64Of(18 << 20)),
  'html in quoted-printable': () =>
    mail(
      'Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable',
      filled('<p>Gr=C3=BC=C3=9Fe an <b class=3D"a">alle</b> Kunden, =\r\nund mehr</p>\r\n'),
    ),
  'windows-1252': () => mail('Content-Type: text/plain; charset=windows-1252', filled('Gr\xfc\xdfe an alle\r\n')),
  'utf-16': () => mail('Content-Type: text/plain; charset=utf-16le', filled('a\0b\0\r\0\n\0')),
  'iso-2022-jp': () => mail('Content-Type: text/plain; charset=iso-2022-jp', filled('\x1b$B$3$s$K$A$O\x1b(B\r\n')),
  '900 parts': () => mail(MIXED, `${part(PDF, base64Of(20_000)).repeat(900)}--x--\r\n`),
  '900 texts': () =>
    mail(
      MIXED,
      `${part('Content-Type: text/plain; charset=utf-8', 'Grüße an alle\r\n'.repeat(1800)).repeat(900)}--x--\r\n`,
    ),
  nested: () =>
    mail(
      MIXED,
      `${part('Content-Type: message/rfc822', `${HEAD}${MIXED}\r\n\r\n${part(PDF, base64Of(18 << 20))}--x--`)}--x--\r\n`,
    ),
  'one line': () => mail('Content-Type: text/plain; charset=utf-8', filled('Grüße ')),
  'one line of html': () => mail('Content-Type: text/html', filled('<p>a</p>')),
  'header field': () => Buffer.concat([Buffer.from(`${HEAD}X-Long: `), filled('long '), Buffer.from('\r\n\r\nhello')]),
  'header fields': () => Buffer.concat([Buffer.from(HEAD), filled('X-Many: value\r\n'), Buffer.from('\r\nhello')]),
  'no header': () => filled('neither field nor blank line '),
  'CR line ends': () =>
    Buffer.from(
      mail('Content-Type: text/plain', filled('old Mac\r')).toString('latin1').replaceAll('\r\n', '\r'),
      'latin1',
    ),
  uuencode: () =>
    mail(
      'Content-Type: text/plain',
      `hello\r\nbegin 644 a.bin\r\n${filled(`M${'A'.repeat(60)}\r\n`).toString('latin1')}\`\r\nend\r\n`,
    ),
  'winmail.dat': () =>
    mail(
      MIXED,
      `${part('Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64', tnef(18 << 20))}--x--\r\n`,
    ),
  'end of lines': () => mail('Content-Type: text/plain', filled('\r\n')),
  'no close': () => mail(MIXED, `${part(PDF, base64Of(18 << 20))}`),
};

/** A winmail.dat with one attachment: signature, key, then attAttachRendData, attAttachTitle and attAttachData ([MS-OXTNEF] §2.1.3). */
function tnef(bytes: number): string {
  const attribute = (id: number, value: Buffer): Buffer => {
    const head = Buffer.alloc(9);
    head[0] = 2;
    head.writeUInt32LE(id, 1);
    head.writeUInt32LE(value.length, 5);
    let sum = 0;
    for (const byte of value) sum = (sum + byte) & 0xffff;
    return Buffer.concat([head, value, Buffer.from([sum & 0xff, sum >> 8])]);
  };
  const start = Buffer.alloc(6);
  start.writeUInt32LE(0x223e9f78, 0);
  return Buffer.concat([
    start,
    attribute(0x00069002, Buffer.alloc(14)),
    attribute(0x00018010, Buffer.from('a.bin\0')),
    attribute(0x0006800f, Buffer.alloc(bytes, 'Mailroom')),
  ])
    .toString('base64')
    .replace(/(.{76})/g, '$1\r\n');
}

export interface Block {
  milliseconds: number;
  /** Longest time the event loop was held: wall clock, and CPU time of the thread, which other processes do not stretch. */
  longestBlock: number;
  longestBlockCpu: number;
  /** Largest resident memory above that of the process before the parse, which held the mail: megabytes beside the mail itself. */
  peakMegabytes: number;
  parse: string;
}

/** VmHWM or VmRSS of this process, in MB (proc_pid_status(5)). */
const memory = (name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) / 1000;

const cpuMillis = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

export async function measureLarge(raw: Buffer): Promise<Block> {
  // What every process has done before its first large mail: small ones.
  const small = mail('Content-Type: text/plain; charset=utf-8', 'Grüße an alle Kunden\r\n'.repeat(50));
  const parsing = openParsing({ timeoutMs: 60_000 });
  for (let k = 0; k < 200; k++) await parsing.parse([small]);
  globalThis.gc?.();
  writeFileSync('/proc/self/clear_refs', '5'); // VmHWM begins again
  const idle = memory('VmRSS');
  let last = performance.now();
  let lastCpu = cpuMillis();
  let longest = 0;
  let longestCpu = 0;
  let running = true;
  const tick = (): void => {
    longest = Math.max(longest, performance.now() - last);
    longestCpu = Math.max(longestCpu, cpuMillis() - lastCpu);
    last = performance.now();
    lastCpu = cpuMillis();
    if (running) setImmediate(tick);
  };
  setImmediate(tick);
  const began = performance.now();
  const { parse } = await parsing.parseLarge(raw);
  const milliseconds = performance.now() - began;
  await new Promise((resolve) => setImmediate(resolve));
  running = false;
  await parsing.stop();
  const tenth = (value: number): number => Math.round(value * 10) / 10;
  return {
    milliseconds: Math.round(milliseconds),
    longestBlock: tenth(longest),
    longestBlockCpu: tenth(longestCpu),
    peakMegabytes: Math.round(memory('VmHWM') - idle),
    parse,
  };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [, , action, kind = '', file = ''] = process.argv;
  if (action === 'make') writeFileSync(file, largeMails[kind]?.() ?? '');
  else console.log(JSON.stringify(await measureLarge(readFileSync(kind))));
}

/** The file itself, to be run as a child. */
export const LARGE_MAILS = fileURLToPath(import.meta.url);
