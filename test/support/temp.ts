// Small ground under every test server: a temp folder of its own, a free loopback port, waiting for a condition instead of sleeping.
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface TempDir {
  readonly path: string;
  remove(): void;
}

/** Linux: a file system in memory, where fsync costs nothing. */
const MEMORY = '/dev/shm';

/**
 * A new folder below the system's temp folder, readable by the servers' own users; the caller removes it.
 * @param options.inMemory for a few megabytes that are written with fsync
 */
export function tempDir(name = 'test', { inMemory = false } = {}): TempDir {
  const path = mkdtempSync(join(inMemory && existsSync(MEMORY) ? MEMORY : tmpdir(), `mailroom-${name}-`));
  // mkdtemp makes 0700; Dovecot and Postfix drop root and must still pass through.
  chmodSync(path, 0o755);
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }) };
}

const handedOut = new Set<number>();

/** Vitest runs one test file per worker at a time; each worker takes every 16th port. */
const WORKERS = 16;
const worker = Number(process.env.VITEST_POOL_ID ?? 0) % WORKERS;

/**
 * A TCP port of 127.0.0.1 that is free and that this process has not handed out before. Below the range that the kernel takes for outgoing
 * connections (from 32,768): a server that is killed and started again finds its port still free. Test files that run side by side never share
 * one: a client that retries a server which its own test has stopped must not reach the server of another test.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 15_008 + WORKERS * Math.floor(Math.random() * 1_060) + worker;
    if (!handedOut.has(port) && (await isFree(port))) {
      handedOut.add(port);
      return port;
    }
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Whether something listens on the port. */
export function canConnect(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host });
    const done = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
    socket.setTimeout(2_000, () => done(false));
  });
}

export interface WaitOptions {
  /** Milliseconds until it gives up; default 30,000: only a failure waits for it, and a loaded machine takes its time. */
  timeoutMs?: number;
  /** Milliseconds between two looks; default 20. */
  intervalMs?: number;
  /** What is waited for, for the error message; a function may add the present state. */
  describe?: string | (() => string);
  /** Ends the wait at once when it is true: what is waited for can no longer happen. */
  hopeless?: () => boolean;
}

/**
 * Polls until the condition gives something other than undefined, null or false, and returns that.
 * A throwing condition counts as not yet. @throws Error naming what was waited for and the last exception.
 */
export async function waitFor<T>(
  condition: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  { timeoutMs = 30_000, intervalMs = 20, describe = 'condition', hopeless = () => false }: WaitOptions = {},
): Promise<T> {
  const until = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value !== undefined && value !== null && value !== false) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= until || hopeless()) {
      const what = typeof describe === 'function' ? describe() : describe;
      throw new Error(
        `waited in vain (${timeoutMs} ms at most) for: ${what}`,
        last === undefined ? {} : { cause: last },
      );
    }
    await delay(intervalMs);
  }
}
