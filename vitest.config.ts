// The test projects. `npm test` (scripts/test.ts) runs unit, docs, corpus, integration, journey, chaos (short form) and fuzz (short form); `npm run test:servers` runs servers.
// Order is shuffled everywhere: a test that needs another one to have run before it is wrong.
import { defineConfig } from 'vitest/config';

const project = (name: string, timeout: number, serial = false) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    environment: 'node' as const,
    testTimeout: timeout,
    // Servers are started and folders removed in hooks, on a machine that has other work.
    hookTimeout: Math.max(timeout, 300_000),
    sequence: { shuffle: true },
    pool: 'forks' as const,
    ...(serial ? { fileParallelism: false } : {}),
  },
});

export default defineConfig({
  test: {
    // Of tests within a file that wait for looks at their own mailboxes.
    maxConcurrency: 12,
    projects: [
      project('unit', 60_000),
      project('docs', 60_000),
      project('corpus', 120_000),
      project('integration', 180_000),
      project('journey', 300_000, true),
      project('chaos', 900_000, true),
      project('fuzz', 900_000),
      project('servers', 600_000, true),
    ],
  },
});
