// The log level and the protocol trace of running processes: every process follows the switches in Redis (API, command line), and a signal switches
// debug for one process. Each switch expires.
import type { LogSwitches } from '../adapters/redis/log-switches.ts';
import { every } from '../lib/every.ts';
import type { Emit } from '../telemetry/events.ts';
import type { LogControl, LogSwitch } from '../telemetry/log-control.ts';

const POLL_MS = 3_000;
/** For how long a signal switches, ms. */
const SIGNAL_MS = 15 * 60_000;

/** @returns `poll` for a test, `toggle` for the signal */
export function followLogLevel(switches: LogSwitches, control: LogControl, emit: Emit) {
  let last = '[]';
  async function poll(): Promise<void> {
    const list = await switches.read();
    const text = JSON.stringify(list);
    if (text === last) return;
    last = text;
    const said = () =>
      list.length === 0
        ? emit('LogLevelRestored')
        : emit('LogLevelChanged', { detail: { switches: list.map(switchText) } });
    // Readers of the log see every switch: it is logged before it takes effect, or after it has expired.
    if (list.length > 0) said();
    control.apply(list);
    if (list.length === 0) said();
  }
  return {
    poll,
    toggle() {
      const on = control.toggle(Date.now() + SIGNAL_MS);
      if (on) emit('LogLevelChanged', { reason: 'SIGUSR2', detail: { minutes: SIGNAL_MS / 60_000 } });
      else emit('LogLevelRestored', { reason: 'SIGUSR2' });
    },
    stop: every(POLL_MS, poll),
  };
}

/** In words, for the log and the command line. */
export function switchText({ server, level, trace, until }: LogSwitch): string {
  const what = [level === undefined ? [] : [`level ${level}`], trace === undefined ? [] : [`trace ${trace}`]].flat();
  return `${server ?? 'all'}: ${what.join(', ')} until ${new Date(until).toISOString()}`;
}
