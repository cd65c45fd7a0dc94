// A process that is started again each time it dies, as an orchestrator does.
import { fileURLToPath } from 'node:url';
import { startProcess } from './processes.ts';
import { tempDir } from './temp.ts';

/**
 * Runs `script` with `input` as JSON, one process after the other, until `done`. What each leaves behind on the disk is removed.
 * @returns how many died of SIGKILL
 * @throws when one ends in another way, or more than `most` die
 */
export async function startedAgain(
  script: URL,
  input: object,
  done: () => boolean | Promise<boolean>,
  most: number,
): Promise<number> {
  const dir = tempDir('dies');
  let deaths = 0;
  try {
    for (;;) {
      const name = `process ${deaths + 1} of ${script.pathname.split('/').at(-1)}`;
      const one = startProcess(name, process.execPath, [fileURLToPath(script), JSON.stringify(input)], {
        env: { PATH: process.env.PATH, TMPDIR: dir.path },
      });
      let said = '';
      for (const stream of [one.child.stdout, one.child.stderr]) {
        stream?.on('data', (chunk) => {
          said += chunk;
        });
      }
      let finished = false;
      try {
        while (one.running() && !finished) {
          finished = await done();
          if (!finished) await new Promise((resolve) => setTimeout(resolve, 50));
        }
      } finally {
        await one.stop(0);
      }
      if (finished) return deaths;
      if (one.child.signalCode !== 'SIGKILL') throw new Error(`${name} ended by itself: ${said.slice(-2_000)}`);
      deaths++;
      if (deaths > most) throw new Error(`${deaths} processes died`);
    }
  } finally {
    dir.remove();
  }
}
