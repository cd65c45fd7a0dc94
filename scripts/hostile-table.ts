// The table of docs/hostile.md: every attack of test/support/hostile.ts at 200 KB, parsed by this checkout and by an older one.
//
//   node scripts/hostile-table.ts [--before <checkout>] [--write]
//
// Each mail is parsed in a worker thread, which is ended after 15 s. Without --before the columns of the older one keep what the document has.
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { cpuMillis } from '../test/support/cpu.ts';
import { attacks } from '../test/support/hostile.ts';

const BYTES = 200_000;
const TIMEOUT_MS = 15_000;
/** One that took longer is not parsed again for a better figure. */
const SLOW_MS = 500;
const DOCUMENT = new URL('../docs/hostile.md', import.meta.url);
const BEGIN = '<!-- made by scripts/hostile-table.ts -->\n';

/** CPU of one mail in ms, its size and that of its job in bytes; undefined: it took too long. */
type Cost = { ms: number; bytes: number; job: number } | undefined;

/** In the worker: the costs of the attacks from `first`, one message each. */
async function measure({ checkout, first }: { checkout: string; first: number }): Promise<void> {
  const { parseMessage } = (await import(`${checkout}/src/mime/index.ts`)) as { parseMessage(raw: Buffer): unknown };
  for (const { mail } of attacks.slice(first)) {
    const raw = mail(BYTES);
    const before = process.threadCpuUsage();
    const job = Buffer.byteLength(JSON.stringify(parseMessage(raw)));
    const { user, system } = process.threadCpuUsage(before);
    const first = (user + system) / 1000;
    const ms = first > SLOW_MS ? first : cpuMillis(() => parseMessage(raw));
    parentPort?.postMessage({ ms, bytes: raw.length, job } satisfies Cost);
  }
}

/** One worker after the other, until all attacks have a cost. */
async function costs(checkout: string): Promise<Cost[]> {
  const found: Cost[] = [];
  while (found.length < attacks.length) {
    const worker = new Worker(new URL(import.meta.url), { workerData: { checkout, first: found.length } });
    await new Promise<void>((done, failed) => {
      const late = () => {
        found.push(undefined);
        void worker.terminate();
      };
      let timer = setTimeout(late, TIMEOUT_MS);
      worker.on('message', (cost: Cost) => {
        found.push(cost);
        clearTimeout(timer);
        timer = setTimeout(late, TIMEOUT_MS);
      });
      worker.on('error', failed);
      worker.on('exit', () => {
        clearTimeout(timer);
        done();
      });
    });
  }
  return found;
}

const number = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : value >= 10 ? value.toFixed(0) : value.toFixed(1);
const columns = (cost: Cost): string =>
  cost === undefined
    ? '> 75,000 | > 15,000 | –'
    : `${number(cost.ms / (cost.bytes / 1_000_000))} | ${number(cost.ms)} | ${number(cost.job / 1000)}`;

/** Columns of the older checkout as the document has them, by attack. */
function columnsBefore(document: string): Map<string, string> {
  const rows = document.split('\n').filter((line) => line.startsWith('| ') && line.split(' | ').length === 7);
  return new Map(
    rows.map((row) => {
      const [name = '', ...cells] = row.slice(2, -2).split(' | ');
      return [name, cells.slice(0, 3).join(' | ')];
    }),
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { before: { type: 'string' }, write: { type: 'boolean' } } });
  const document = readFileSync(DOCUMENT, 'utf8');
  const known = columnsBefore(document);
  const older = values.before === undefined ? undefined : await costs(resolve(values.before));
  const now = await costs(resolve(import.meta.dirname, '..'));
  const rows = attacks.map(({ name }, k) => {
    const before = older === undefined ? (known.get(name) ?? '– | – | –') : columns(older[k]);
    return `| ${name} | ${before} | ${columns(now[k])} |`;
  });
  const table = [
    '| attack | before: ms per MB | blocked, ms | job, KB | now: ms per MB | in the worker, ms | job, KB |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
  if (values.write !== true) return void process.stdout.write(`${table}\n`);
  const [text = ''] = document.split(BEGIN);
  writeFileSync(DOCUMENT, `${text}${BEGIN}${table}\n`);
}

await (isMainThread ? main() : measure(workerData as Parameters<typeof measure>[0]));
