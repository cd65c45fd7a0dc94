// The fault proxy breaks connections exactly as asked.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { leakWatch } from '../../support/leak-watch.ts';
import { waitFor } from '../../support/temp.ts';

leakWatch();

/** A client that remembers what it got and how it ended. */
function open(port: number) {
  const socket = createConnection({ port, host: '127.0.0.1' });
  const seen = { text: '', error: '', ended: false, closed: false };
  socket.on('data', (chunk) => {
    seen.text += chunk.toString();
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    seen.error = error.code ?? 'unknown';
  });
  socket.on('end', () => {
    seen.ended = true;
  });
  socket.on('close', () => {
    seen.closed = true;
  });
  return { socket, seen };
}

let echo: Server;
let peers: Set<Socket>;
let received: string;
let proxy: FaultProxy;
beforeEach(async () => {
  peers = new Set();
  received = '';
  echo = createServer((socket) => {
    peers.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => peers.delete(socket));
    socket.on('data', (chunk) => {
      received += chunk.toString();
      socket.write(chunk);
    });
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await startFaultProxy({ target: { port: (echo.address() as AddressInfo).port } });
});
afterEach(async () => {
  await proxy.stop();
  for (const peer of peers) peer.destroy();
  echo.close();
  await once(echo, 'close');
});

async function talking() {
  const client = open(proxy.port);
  client.socket.write('hello');
  await waitFor(() => client.seen.text === 'hello', { describe: 'the echo' });
  return client;
}

test('forwards bytes in both directions, and the client’s orderly end to the server', async () => {
  const { socket, seen } = await talking();
  expect(proxy.open()).toBe(1);
  socket.end();
  await waitFor(() => seen.closed && peers.size === 0, { describe: 'both sides closed' });
  expect(seen.error).toBe('');
});

test.each(['rst', 'fin'] as const)('cuts the connection: %s', async (how) => {
  const { seen } = await talking();
  proxy.faults.cut(how);
  await waitFor(() => seen.closed, { describe: 'the client to notice' });
  expect(seen.error).toBe(how === 'rst' ? 'ECONNRESET' : '');
  expect(seen.ended).toBe(how === 'fin');
  await talking().then(({ socket }) => socket.destroy());
});

test('a stall keeps the connection open and silent; resume delivers the waiting bytes', async () => {
  const { socket, seen } = await talking();
  proxy.faults.stall('to-client');
  socket.write(' again');
  await waitFor(() => received === 'hello again', { describe: 'the server to have it' });
  expect(seen.text).toBe('hello');
  proxy.faults.resume();
  await waitFor(() => seen.text === 'hello again', { describe: 'the echo after the stall' });
  socket.destroy();
});

test('half-open: the server is gone, and the client keeps writing without an error', async () => {
  const { socket, seen } = await talking();
  proxy.faults.halfOpen();
  await waitFor(() => peers.size === 0, { describe: 'the server side to close' });
  socket.write('anyone?');
  await talking().then((other) => other.socket.destroy());
  expect(seen).toEqual({ text: 'hello', error: '', ended: false, closed: false });
  expect(received).not.toContain('anyone');
  socket.destroy();
});

test('truncates after a given number of bytes from the server', async () => {
  proxy.faults.truncateAfter(3, 'fin');
  const { socket, seen } = open(proxy.port);
  socket.write('hello');
  await waitFor(() => seen.closed, { describe: 'the cut' });
  expect(seen.text).toBe('hel');
  await proxy.faults.heal();
  await talking().then((other) => other.socket.destroy());
});

test('truncates after a given number of bytes to the server', async () => {
  proxy.faults.truncateToServerAfter(4);
  const { socket, seen } = open(proxy.port);
  socket.write('hello');
  await waitFor(() => seen.closed, { describe: 'the cut' });
  await waitFor(() => peers.size === 0, { describe: 'the server side to close' });
  expect(received).toBe('hell');
});

test('refuses, rejects, and heals on the same port', async () => {
  await proxy.faults.refuse();
  const refused = open(proxy.port);
  await waitFor(() => refused.seen.closed);
  expect(refused.seen.error).toBe('ECONNREFUSED');
  await proxy.faults.heal();
  proxy.faults.reject();
  const rejected = open(proxy.port);
  await waitFor(() => rejected.seen.closed);
  expect(rejected.seen.error).toBe('ECONNRESET');
  await proxy.faults.heal();
  await talking().then((other) => other.socket.destroy());
});

test('delays every chunk', async () => {
  const { socket, seen } = await talking();
  proxy.faults.delay(60);
  const before = performance.now();
  socket.write('!');
  await waitFor(() => seen.text === 'hello!', { intervalMs: 2 });
  expect(performance.now() - before).toBeGreaterThanOrEqual(115);
  socket.destroy();
});
