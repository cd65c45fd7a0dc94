// Limits how many downloads, connection tests and event streams a client may have open. A client that pipelines its requests over one connection
// counts like one with many connections.
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

interface PerClient {
  /** Counts a request until its answer or its connection has ended. False: the client is at its limit. */
  enter(client: string, raw: ServerResponse): boolean;
}

/** @param most at once for each client */
export function perClient(most: number): PerClient {
  const open = new Map<string, number>();
  return {
    enter(client, raw) {
      const before = open.get(client) ?? 0;
      if (before >= most) return false;
      open.set(client, before + 1);
      whenGone(raw, () => {
        const left = (open.get(client) ?? 1) - 1;
        if (left > 0) open.set(client, left);
        else open.delete(client);
      });
      return true;
    },
  };
}

const waiting = new WeakMap<Socket, Set<() => void>>();

/** Calls back once, when the response or its connection has ended: Node does not report the latter to a response that waits behind another one. */
function whenGone(raw: ServerResponse, then: () => void): void {
  const socket = raw.req?.socket as Socket | undefined;
  const gone = () => {
    if (socket !== undefined) waiting.get(socket)?.delete(gone);
    raw.removeListener('close', gone);
    then();
  };
  raw.once('close', gone);
  if (socket === undefined) return;
  let all = waiting.get(socket);
  if (all === undefined) {
    const made = new Set<() => void>();
    all = made;
    waiting.set(socket, made);
    socket.once('close', () => {
      for (const one of [...made]) one();
    });
  }
  all.add(gone);
}
