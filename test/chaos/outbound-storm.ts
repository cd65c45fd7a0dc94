// What the chaos tests of the sending half share: a repeatable random, and worker processes that are killed with -9 and started again.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { WorkerSettings } from './outbound-worker.ts';

const REPLICAS = 3;

/** mulberry32 */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Kept going while the chaos lasts, whatever is killed. */
export function startWorkers(settings: WorkerSettings) {
  const children = new Set<ChildProcess>();
  /** Killing one that has not begun to work proves nothing. */
  const working = new Set<ChildProcess>();
  let ended = false;
  let kills = 0;
  const start = () => {
    const child = fork(
      fileURLToPath(new URL('./outbound-worker.ts', import.meta.url)),
      ['work', JSON.stringify(settings)],
      {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        execArgv: [],
      },
    );
    children.add(child);
    child.once('message', () => working.add(child));
    child.once('exit', () => {
      children.delete(child);
      working.delete(child);
      if (!ended) start();
    });
  };
  for (let i = 0; i < REPLICAS; i++) start();
  return {
    kills: () => kills,
    killOne(random: () => number) {
      const all = [...working];
      // One is left to work: on a loaded machine a start takes longer than the time between two kills, and nothing would be sent at all.
      if (all.length < 2) return;
      const victim = all[Math.floor(random() * all.length)];
      if (victim === undefined) return;
      kills += 1;
      victim.kill('SIGKILL');
    },
    async stop() {
      ended = true;
      await Promise.all(
        [...children].map((child) => {
          const gone = new Promise((resolve) => child.once('exit', resolve));
          child.kill('SIGKILL');
          return gone;
        }),
      );
    },
  };
}
