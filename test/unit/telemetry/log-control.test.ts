// The log level while the process runs: for all, for one server, and back.
import { describe, expect, it } from 'vitest';
import { createEmit } from '../../../src/telemetry/events.ts';
import { createLogControl, type LogSwitch } from '../../../src/telemetry/log-control.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

function rig() {
  const lines: string[] = [];
  const at = { now: 0 };
  const logger = createLogger({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const control = createLogControl(logger, 'info', () => at.now);
  const emit = createEmit(logger, createMetrics(), control);
  /** Which of debug, info and warn are logged of a server. */
  const shown = (server: string): string => {
    lines.length = 0;
    emit('ReplyPrepared', { server });
    emit('ReplyAccepted', { server });
    emit('ReplyRejected', { server });
    return lines.map((line) => (JSON.parse(line) as { level: string }).level).join(' ');
  };
  return { control, shown, at };
}
const until = 60_000;

describe('log level at run time', () => {
  it.each<[string, LogSwitch[], string, string]>([
    ['nothing switched', [], 'info warn', 'info warn'],
    ['debug for all', [{ level: 'debug', until }], 'debug info warn', 'debug info warn'],
    ['debug for one', [{ level: 'debug', server: 'A', until }], 'debug info warn', 'info warn'],
    ['one server at a lower level', [{ level: 'error', server: 'A', until }], '', 'info warn'],
    [
      'all but one server at a lower level',
      [
        { level: 'silent', until },
        { level: 'debug', server: 'A', until },
      ],
      'debug info warn',
      '',
    ],
    [
      'a trace shows at least info',
      [
        { level: 'error', until },
        { trace: 'commands', server: 'A', until },
      ],
      'info warn',
      '',
    ],
    ['over', [{ level: 'debug', until: 0 }], 'info warn', 'info warn'],
  ])('%s', (_, switches, a, b) => {
    const { control, shown } = rig();
    control.apply(switches);
    expect([shown('A'), shown('B')]).toEqual([a, b]);
    control.apply([]);
    expect(shown('A')).toBe('info warn');
  });

  it('is switched on and off by a signal, beside the level from Redis', () => {
    const { control, shown } = rig();
    expect(control.toggle(until)).toBe(true);
    control.apply([]);
    expect(shown('A')).toBe('debug info warn');
    expect(control.toggle(until)).toBe(false);
    expect(shown('A')).toBe('info warn');
  });

  it('traces one server, for a limited time', () => {
    const { control, at } = rig();
    control.apply([{ trace: 'answers', server: 'A', until }]);
    expect([control.traceOf('A'), control.traceOf('B')]).toEqual(['answers', undefined]);
    at.now = until;
    control.apply([{ trace: 'answers', server: 'A', until }]);
    expect(control.traceOf('A')).toBeUndefined();
  });
});
