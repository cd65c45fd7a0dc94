// Redis for the demo: REDIS_URL if set, else redis-server on PATH, else an embedded one in pure JavaScript (no persistence: demo only).
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ownChild, ownFolder } from './leftovers.ts';

export interface DemoRedis {
  url: string;
  kind: 'yours (REDIS_URL)' | 'redis-server' | 'embedded';
  stop(): Promise<void>;
}

export async function startRedis(): Promise<DemoRedis> {
  if (process.env.REDIS_URL) return { url: process.env.REDIS_URL, kind: 'yours (REDIS_URL)', stop: async () => {} };
  return (await tryServer()) ?? (await embedded());
}

async function tryServer(): Promise<DemoRedis | undefined> {
  if (process.env.MAILROOM_DEMO_REDIS === 'embedded') return undefined;
  const folder = ownFolder('mailroom-demo-redis-');
  const port = await freePort();
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
  const server = spawn('redis-server', [...options, '--maxmemory-policy', 'noeviction'], {
    stdio: 'ignore',
    detached: true, // Ctrl-C is ours to pass on, last of all
  });
  const child = ownChild(server);
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  let gone = false;
  ended.then(() => {
    gone = true;
  });
  while (!gone && !(await canConnect(port))) await delay(20);
  const clean = () => rmSync(folder, { recursive: true, force: true });
  if (gone) {
    clean();
    return undefined;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    kind: 'redis-server',
    async stop() {
      child.kill('SIGTERM');
      await ended;
      clean();
    },
  };
}

async function embedded(): Promise<DemoRedis> {
  const port = await freePort();
  const script = fileURLToPath(new URL('../node_modules/js-redis-server/dist/cli.js', import.meta.url));
  const child = ownChild(
    spawn(process.execPath, [script, '--port', String(port)], {
      stdio: ['ignore', 'ignore', 'inherit'],
      detached: true,
    }),
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (let tries = 0; !(await canConnect(port)); tries++) {
    if (tries > 500) throw new Error('the embedded Redis did not start');
    await delay(20);
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    kind: 'embedded',
    async stop() {
      child.kill('SIGKILL'); // nothing to save, and its orderly stop waits ten seconds
      await ended;
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
