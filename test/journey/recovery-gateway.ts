// The daemon as `mailroom serve` starts it, but for the waits of the sending half: what Exchange wants hours for, takes seconds here.
import { loadConfig } from '../../src/config/config.ts';
import { readConfig } from '../../src/config/load.ts';
import { startGateway } from '../../src/gateway.ts';
import { firstSignal } from '../../src/lib/signals.ts';

const configDir = process.argv[process.argv.indexOf('--config') + 1] ?? '';
const config = loadConfig({ configDir });
const signal = firstSignal(25_000);
// Six hours are eleven seconds.
const waits = { waitScale: 0.0005, settleMs: 4_000, firstLookMs: 400 };
const gateway = await startGateway(config, config.roles, () => readConfig({ configDir }), { waits });
await gateway.stop(await signal);
