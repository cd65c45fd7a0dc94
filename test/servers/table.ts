// What the tests found out, one line of JSON each: scripts/test-servers.ts makes the table of docs/servers.md of it.
import { appendFileSync } from 'node:fs';

export interface Finding {
  server: string;
  version: string;
  /** Column of the table. */
  what: string;
  found: string;
}

export function note(finding: Finding): void {
  const file = process.env.MAILROOM_SERVERS_FOUND;
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(finding)}\n`);
}

/** The bare Debian that scripts/test-servers.ts has made. @throws Error with the command to run */
export function baseRoot(): string {
  const base = process.env.MAILROOM_SERVERS_BASE;
  if (base === undefined) throw new Error('these tests need a root of their own: npm run test:servers');
  return base;
}
