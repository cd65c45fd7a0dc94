// The daemon as `mailroom ingest` starts it, with a parser that has killers. When it ends, it says for how long its main thread was
// busy without a pause.
import { loadConfig } from '../../src/config/config.ts';
import { readConfig } from '../../src/config/load.ts';
import { startGateway } from '../../src/gateway.ts';
import { firstSignal } from '../../src/lib/signals.ts';
import { watchBlocks } from '../support/cpu.ts';

const configDir = process.argv[process.argv.indexOf('--config') + 1] ?? '';
const signal = firstSignal(25_000);
const parserScript = new URL('../support/worker-of-doom.ts', import.meta.url);
const load = () => readConfig({ configDir });
const gateway = await startGateway(loadConfig({ configDir }), ['ingest'], load, { parserScript });
const watch = watchBlocks();
const wanted = await signal;
const { longest } = watch.end();
await gateway.stop(wanted);
process.stdout.write(`${JSON.stringify({ event: 'MainThreadWatched', longestBlockMs: longest })}\n`);
