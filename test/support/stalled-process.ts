// A process whose main thread stops answering, in the way that its argument says. With a watchdog of two seconds.
import { execFileSync } from 'node:child_process';
import { startWatchdog } from '../../src/lib/watchdog.ts';

const stop = startWatchdog(2);

const stalls: Record<string, () => void> = {
  loop: function loopsForEver() {
    while (stop.length === 0);
  },
  expression: function backtracksForEver() {
    /^(a+)+$/.test(`${'a'.repeat(64)}b`);
  },
  'a system call': function waitsForEver() {
    execFileSync('sleep', ['30']);
  },
  nothing: () => setTimeout(() => void stop(), 5_000),
};

// The heartbeat has begun.
setTimeout(() => stalls[process.argv[2] ?? '']?.(), 1_200);
