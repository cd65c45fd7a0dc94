// Debian's Prometheus on loopback: scrapes processes of the test every half second and answers queries.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { startProcess, tail } from './processes.ts';
import { freePort, tempDir, waitFor } from './temp.ts';

export interface Sample {
  metric: Readonly<Record<string, string>>;
  /** Epoch seconds and the value. */
  value: [number, string];
}

export interface TestPrometheus {
  /** @throws with what Prometheus says of the query */
  query(expr: string): Promise<Sample[]>;
  stop(): Promise<void>;
}

/** @param rules as in a rules file */
export async function startPrometheus(targets: readonly string[], rules: object): Promise<TestPrometheus> {
  const dir = tempDir('prometheus');
  const port = await freePort();
  const log = join(dir.path, 'prometheus.log');
  writeFileSync(join(dir.path, 'rules.yaml'), stringify(rules));
  writeFileSync(
    join(dir.path, 'prometheus.yaml'),
    stringify({
      global: { scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '500ms' },
      rule_files: ['rules.yaml'],
      scrape_configs: [{ job_name: 'mailroom', static_configs: [{ targets }] }],
    }),
  );
  const child = startProcess(
    'prometheus',
    'prometheus',
    [
      `--config.file=${dir.path}/prometheus.yaml`,
      `--storage.tsdb.path=${dir.path}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { logFile: log },
  );
  const url = `http://127.0.0.1:${port}`;
  await waitFor(async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok, {
    hopeless: () => !child.running(),
    describe: () => `prometheus on port ${port}\n${tail(log)}`,
  });
  return {
    async query(expr) {
      const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expr)}`);
      const { data, error } = (await answer.json()) as { data?: { result: Sample[] }; error?: string };
      if (data === undefined) throw new Error(`${expr}: ${error}`);
      return data.result;
    },
    async stop() {
      await child.stop();
      dir.remove();
    },
  };
}
