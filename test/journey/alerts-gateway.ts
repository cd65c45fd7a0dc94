// The daemon with all roles and a parser that has killers, for the journey of the alerts.
import { loadConfig } from '../../src/config/config.ts';
import { readConfig } from '../../src/config/load.ts';
import { startGateway } from '../../src/gateway.ts';
import { firstSignal } from '../../src/lib/signals.ts';

const configDir = process.argv[process.argv.indexOf('--config') + 1] ?? '';
const signal = firstSignal(25_000);
const parserScript = new URL('../support/worker-of-doom.ts', import.meta.url);
const load = () => readConfig({ configDir });
const gateway = await startGateway(loadConfig({ configDir }), ['ingest', 'send', 'portal'], load, { parserScript });
await gateway.stop(await signal);
