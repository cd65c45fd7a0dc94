// A TCP proxy between Mailroom and a server that breaks connections on command: cut, stall, half-open, truncate, delay, refuse.
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './temp.ts';

export interface FaultProxy {
  readonly host: string;
  readonly port: number;
  /** Connections open now, and accepted since the start. */
  open(): number;
  accepted(): number;
  readonly faults: {
    /** Ends every open connection: `rst` (default; ECONNRESET at the client) or `fin` (an orderly close). New ones pass. */
    cut(how?: 'rst' | 'fin'): void;
    /** Bytes are no longer passed on, connections stay open; new ones stall as well. resume() lets everything continue. */
    stall(direction?: 'both' | 'to-client' | 'to-server'): void;
    resume(): void;
    /** The server's side is gone, the client is not told: what it sends is swallowed. New connections pass. */
    halfOpen(): void;
    /** After so many more bytes from the server the connection is cut; counts per connection, open and new ones, until heal(). */
    truncateAfter(bytes: number, how?: 'rst' | 'fin'): void;
    /** The same for bytes to the server: cuts in the middle of DATA. */
    truncateToServerAfter(bytes: number, how?: 'rst' | 'fin'): void;
    /** Every chunk arrives so many milliseconds later, both ways; 0 ends it. */
    delay(milliseconds: number): void;
    /** New connections are refused (ECONNREFUSED) until heal(). */
    refuse(): Promise<void>;
    /** New connections are taken and reset at once until heal(). */
    reject(): void;
    /** Back to passing everything; connections that were cut stay so. */
    heal(): Promise<void>;
  };
  stop(): Promise<void>;
}

interface Pair {
  client: Socket;
  server: Socket;
  /** Bytes still allowed, per direction. */
  left: { toClient: number; toServer: number };
}

type Direction = 'toClient' | 'toServer';

export async function startFaultProxy(options: {
  target: { host?: string; port: number };
  port?: number;
}): Promise<FaultProxy> {
  const pairs = new Set<Pair>();
  const swallowed = new Set<Socket>();
  let accepted = 0;
  let delayMs = 0;
  let rejecting = false;
  let stalled: Record<Direction, boolean> = { toClient: false, toServer: false };
  let limits: Record<Direction, number> = { toClient: Infinity, toServer: Infinity };
  let limitHow: 'rst' | 'fin' = 'rst';

  const end = (socket: Socket, how: 'rst' | 'fin') => {
    if (how === 'rst') socket.resetAndDestroy();
    else socket.end(() => socket.destroy());
  };
  const close = (pair: Pair, how: 'rst' | 'fin') => {
    if (!pairs.delete(pair)) return;
    end(pair.client, how);
    end(pair.server, how);
  };

  const pass = (pair: Pair, direction: Direction) => {
    const [from, to] = direction === 'toClient' ? [pair.server, pair.client] : [pair.client, pair.server];
    const forward = (chunk: Buffer) => {
      if (!pairs.has(pair)) return;
      const allowed = chunk.subarray(0, pair.left[direction]);
      pair.left[direction] -= allowed.length;
      const cut = pair.left[direction] <= 0;
      if (!to.write(allowed) && !cut) {
        from.pause();
        to.once('drain', () => stalled[direction] || from.resume());
      }
      if (cut) {
        // The allowed bytes must reach the other side before the reset throws away what is not sent yet.
        to.write('', () => setImmediate(() => close(pair, limitHow)));
        from.pause();
      }
    };
    from.on('data', (chunk: Buffer) => (delayMs > 0 ? setTimeout(forward, delayMs, chunk) : forward(chunk)));
    from.on('end', () => (delayMs > 0 ? setTimeout(() => to.end(), delayMs) : to.end()));
    from.on('error', () => close(pair, 'rst'));
    from.on('close', () => {
      if (pairs.delete(pair)) to.destroySoon();
    });
    if (stalled[direction]) from.pause();
  };

  const onConnection = (client: Socket) => {
    accepted += 1;
    client.setNoDelay(true);
    if (rejecting) {
      client.resetAndDestroy();
      return;
    }
    const server = createConnection({ port: options.target.port, host: options.target.host ?? '127.0.0.1' });
    server.setNoDelay(true);
    const pair: Pair = { client, server, left: { ...limits } };
    pairs.add(pair);
    pass(pair, 'toServer');
    pass(pair, 'toClient');
  };

  let listener: Server | undefined;
  const listen = (port: number) =>
    new Promise<number>((resolve, reject) => {
      const server = createServer({ allowHalfOpen: true }, onConnection);
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        listener = server;
        resolve((server.address() as AddressInfo).port);
      });
    });
  // close() also waits for open connections, which refuse() leaves alone: listening ends at once.
  const unlisten = () => {
    listener?.close();
    listener = undefined;
  };
  const port = await listen(options.port ?? (await freePort()));

  const setFlow = () => {
    for (const { client, server } of pairs) {
      if (stalled.toClient) server.pause();
      else server.resume();
      if (stalled.toServer) client.pause();
      else client.resume();
    }
  };
  const limit = (direction: Direction, bytes: number, how: 'rst' | 'fin') => {
    limits = { ...limits, [direction]: bytes };
    limitHow = how;
    for (const pair of pairs) pair.left[direction] = bytes;
  };
  const cut = (how: 'rst' | 'fin' = 'rst') => {
    for (const pair of [...pairs]) close(pair, how);
    for (const client of swallowed) end(client, how);
    swallowed.clear();
  };

  return {
    host: '127.0.0.1',
    port,
    open: () => pairs.size,
    accepted: () => accepted,
    faults: {
      cut,
      stall: (direction = 'both') => {
        stalled = { toClient: direction !== 'to-server', toServer: direction !== 'to-client' };
        setFlow();
      },
      resume: () => {
        stalled = { toClient: false, toServer: false };
        setFlow();
      },
      halfOpen: () => {
        for (const pair of pairs) {
          pair.client.removeAllListeners('data');
          pair.client.resume();
          swallowed.add(pair.client);
          pair.client.once('close', () => swallowed.delete(pair.client));
        }
        const gone = [...pairs];
        pairs.clear();
        for (const { server } of gone) server.destroy();
      },
      truncateAfter: (bytes, how = 'rst') => limit('toClient', bytes, how),
      truncateToServerAfter: (bytes, how = 'rst') => limit('toServer', bytes, how),
      delay: (milliseconds) => {
        delayMs = milliseconds;
      },
      refuse: async () => unlisten(),
      reject: () => {
        rejecting = true;
      },
      heal: async () => {
        rejecting = false;
        delayMs = 0;
        stalled = { toClient: false, toServer: false };
        limits = { toClient: Infinity, toServer: Infinity };
        for (const pair of pairs) pair.left = { ...limits };
        setFlow();
        if (listener === undefined) await listen(port);
      },
    },
    stop: async () => {
      unlisten();
      cut();
    },
  };
}
