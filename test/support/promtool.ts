// Debian's promtool as a child: checks metrics and rules as Prometheus would take them.
import { spawn } from 'node:child_process';

/** @returns what it said, with its exit code */
export function promtool(args: readonly string[], input = ''): Promise<{ code: number | null; output: string }> {
  const child = spawn('promtool', args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output: chunks.join('') }));
  });
}
