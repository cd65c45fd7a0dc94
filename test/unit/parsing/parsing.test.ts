// The door to the parser: what a mail that hangs, floods or crashes its worker becomes, and that nobody else pays for it.
import { afterEach, describe, expect, it } from 'vitest';
import { parseMessage } from '../../../src/mime/index.ts';
import {
  dropBodies,
  openParsing,
  type PackedMessage,
  type Parsing,
  type ParsingOptions,
  unpacked,
} from '../../../src/parsing/index.ts';

const script = new URL('../../support/worker-of-doom.ts', import.meta.url);
/** For a mail that hangs; a good one takes milliseconds, or much longer on a machine that has other work. */
const TIMEOUT_MS = 1_500;
/** The parser itself, which is not to be ended. */
const REAL = { script: undefined, timeoutMs: 60_000 };

let open: Parsing[] = [];
afterEach(async () => {
  await Promise.all(open.map(({ stop }) => stop()));
  open = [];
});

function start(options: Partial<ParsingOptions> = {}) {
  const ended: string[] = [];
  const parsing = openParsing({ script, timeoutMs: TIMEOUT_MS, onEnded: (reason) => ended.push(reason), ...options });
  open.push(parsing);
  return { parsing, ended };
}

const mail = (subject: string, doom?: string) =>
  Buffer.from(`${doom === undefined ? '' : `X-Doom: ${doom}\r\n`}Subject: ${subject}\r\n\r\nHello ${subject}\r\n`);

describe('mails', () => {
  it('are returned in order', async () => {
    const { parsing } = start(REAL);
    const subjects = Array.from({ length: 60 }, (_, i) => `mail ${i}`);
    const parsed = await parsing.parse(subjects.map((subject) => mail(subject)));
    expect(parsed.map(({ subject }) => subject)).toEqual(subjects);
    expect(new Set(parsed.map(({ parse }) => parse))).toEqual(new Set(['complete']));
  });

  it.each([
    ['loop', 'parse-timeout', 'timeout'],
    ['expression', 'parse-timeout', 'timeout'],
    ['memory', 'parse-memory', 'memory'],
    ['exit', 'parser-crashed', 'crash'],
  ])('that end their worker by %s fail, and their neighbours are parsed', async (doom, code, reason) => {
    // A small heap is full long before the time is over.
    const { parsing, ended } = start(doom === 'memory' ? { memoryMb: 24, timeoutMs: 60_000 } : {});
    const parsed = await parsing.parse([mail('before'), mail('doomed', doom), mail('after')]);
    expect(parsed.map(({ parse, subject }) => [parse, subject])).toEqual([
      ['complete', 'before'],
      ['failed', ''],
      ['complete', 'after'],
    ]);
    expect(parsed[1]?.warnings).toMatchObject([{ code }]);
    expect(ended).toEqual([reason]);
  });

  it('on which the parser throws fail without the loss of a worker', async () => {
    const { parsing, ended } = start();
    const parsed = await parsing.parse([mail('before'), mail('doomed', 'error')]);
    expect(parsed.map(({ parse }) => parse)).toEqual(['complete', 'failed']);
    expect(parsed[1]?.warnings).toEqual([{ code: 'parser-failed', detail: 'RangeError' }]);
    expect(ended).toEqual([]);
  });
});

it('are returned with everything that the parser produced', async () => {
  const { parsing } = start({ ...REAL, inlineTextBytes: 2_000 });
  const raws = [
    'Subject: no body\r\n',
    'Subject: text\r\n\r\nSee mr2.Yw.abcdefghijkl.abcdefghijklmnopqrst@x.example: ö € "\\\r\n',
    `Subject: html\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>${'Grüße € '.repeat(40_000)}</p>`,
  ].map((text) => Buffer.from(text));
  const parsed = await parsing.parse(raws);
  expect(parsed.map(unpacked)).toEqual(raws.map((raw) => parseMessage(raw, { inlineTextBytes: 2_000 })));
  expect(parsed.map(({ tokens }) => tokens)).toEqual([
    undefined,
    'mr2.Yw.abcdefghijkl.abcdefghijklmnopqrst@x.example',
    undefined,
  ]);
  const [, { bodies } = {}] = parsed;
  dropBodies(parsed[1] as PackedMessage);
  expect(bodies).toHaveLength(0);
});

it('of one request share one block of memory, and are dropped one by one', async () => {
  const { parsing } = start(REAL);
  const parsed = await parsing.parse([mail('one'), mail('two'), mail('three')]);
  expect(new Set(parsed.map(({ bodies }) => bodies?.buffer)).size).toBe(1);
  for (const message of [...parsed, ...parsed]) dropBodies(message);
  expect(parsed.map(({ bodies }) => bodies?.length)).toEqual([0, 0, 0]);
});

it('of any size are returned in order', async () => {
  const { parsing } = start(REAL);
  const batch = [10, 900_000, 900_000, 900_000, 20, 2_500_000, 5].map((size, i) =>
    Buffer.concat([mail(`mail ${i}`), Buffer.alloc(size, 'x'), Buffer.from(`\r\nend of ${i}`)]),
  );
  const parsed = await parsing.parse(batch);
  expect(parsed.map(({ subject }) => subject)).toEqual(batch.map((_, i) => `mail ${i}`));
  expect(parsed.map((message) => unpacked(message).text?.length)).toEqual(
    batch.map((raw) => raw.toString().split('\r\n\r\n')[1]?.replaceAll('\r\n', '\n').length),
  );
});

it('that are large hand their memory over, and the message is returned', async () => {
  const { parsing } = start();
  const raw = Buffer.alloc(3_000_000, 'x');
  raw.write('Subject: large\r\n\r\n');
  expect(await parsing.parseLarge(raw)).toMatchObject({ subject: 'large', parse: 'complete' });
  expect(raw.length).toBe(0);
  const doomed = Buffer.from(new Uint8Array(mail('large', 'loop')).buffer);
  expect(await parsing.parseLarge(doomed)).toMatchObject({ parse: 'failed', warnings: [{ code: 'parse-timeout' }] });
});

it('are parsed by their header block alone', async () => {
  const { parsing } = start(REAL);
  expect(await parsing.parseHeadersOnly(mail('head'))).toMatchObject({ subject: 'head', parse: 'headers-only' });
});

it('do not block the main thread and other batches while one of them hangs', async () => {
  const { parsing } = start({ timeoutMs: 3_000 });
  await parsing.parse([mail('warm')]);
  let killed = false;
  const killer = parsing.parse([mail('doomed', 'loop'), mail('its neighbour')]).then((parsed) => {
    killed = true;
    return parsed;
  });
  let before = 0;
  for (let i = 0; i < 20 && !killed; i++) {
    const [good] = await parsing.parse([mail(`good ${i}`)]);
    expect(good).toMatchObject({ subject: `good ${i}`, parse: 'complete' });
    if (!killed) before += 1;
  }
  expect(before).toBeGreaterThan(1); // all twenty on a machine without other work
  expect((await killer).map(({ parse }) => parse)).toEqual(['failed', 'complete']);
});

it('that each kill a worker, several in one batch, cost one worker each, once', async () => {
  const { parsing, ended } = start();
  const batch = Array.from({ length: 24 }, (_, i) => (i % 6 === 1 ? mail(`${i}`, 'loop') : mail(`${i}`)));
  const parsed = await parsing.parse(batch);
  expect(parsed.map(({ parse }) => parse)).toEqual(batch.map((_, i) => (i % 6 === 1 ? 'failed' : 'complete')));
  expect(ended).toEqual(new Array(4).fill('timeout'));
});

it('do not get the blame for a worker that cannot be started', async () => {
  const { parsing, ended } = start({ script: new URL('./no-such-worker.ts', import.meta.url) });
  await expect(parsing.parse([mail('good')])).rejects.toThrow('did not start');
  expect(ended).toEqual([]);
});

it('in progress or waiting are rejected on stop, and all later ones', async () => {
  const { parsing } = start({ timeoutMs: 60_000 });
  await parsing.parse([mail('warm')]);
  const pending = Array.from({ length: 10 }, () => parsing.parse([mail('doomed', 'loop')]));
  const ends = Promise.allSettled(pending);
  await parsing.stop();
  expect((await ends).map(({ status }) => status)).toEqual(pending.map(() => 'rejected'));
  await expect(parsing.parse([mail('late')])).rejects.toThrow('stopped');
});
