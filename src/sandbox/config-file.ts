// Reads a sandbox tenant from YAML or JSON (JSON is YAML) and checks it, so that a typing error is reported and not ignored.
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { type SandboxConfig, sandboxSchema } from './config.ts';

/** @throws {Error} naming each wrong field, or when the file cannot be read. */
export async function readSandboxConfig(path: string): Promise<SandboxConfig> {
  const result = sandboxSchema.safeParse(parse(await readFile(path, 'utf8')));
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `  ${issue.path.join('.') || '(file)'}: ${issue.message}`);
  throw new Error(`${path} describes no sandbox tenant:\n${problems.join('\n')}`);
}
