// Server-sent events: "changed" whenever what the pages show is another. One look at the state a second for all who listen; nobody listens,
// nobody looks.
import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PortalDeps } from './deps.ts';

const LOOK_MS = 1_000;
/** Looks between two signs of life, so that proxies keep the stream open. */
const ALIVE = 15;

export interface LiveEvents {
  handle(request: FastifyRequest, reply: FastifyReply): void;
  /** Ends all streams, so that the process can stop at once. */
  close(): void;
}

export function liveEvents({ overview }: Pick<PortalDeps, 'overview'>): LiveEvents {
  const streams = new Set<ServerResponse>();
  const listeners = new Set<(line: string) => void>();
  /** Those whose page may be older than the last look: they are told once in any case. */
  const fresh = new Set<(line: string) => void>();
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  let last: string | undefined;
  let looks = 0;

  const tell = (line: string, to: Iterable<(line: string) => void> = listeners) => {
    for (const listener of to) listener(line);
  };
  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    try {
      const { flows, mailboxes, senders } = await overview();
      const shown = [mailboxes, senders].map((views) =>
        views.map(({ live: { lastProvenAt: _, blindSeconds: __, ...live }, ...view }) => ({ ...view, live })),
      );
      const next = JSON.stringify([flows, shown]);
      tell('event: changed\ndata: 1\n\n', last !== undefined && next !== last ? listeners : fresh);
      fresh.clear();
      last = next;
    } catch {
      // Redis is away: its own event says so, and the page stays as it is.
    } finally {
      looking = false;
    }
    looks += 1;
    if (looks % ALIVE === 0) tell(': alive\n\n');
  }

  return {
    handle(request, reply) {
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        'x-content-type-options': 'nosniff',
      });
      raw.write('retry: 3000\n\n');
      const listener = (line: string) => void raw.write(line);
      listeners.add(listener);
      fresh.add(listener);
      streams.add(raw);
      timer ??= setInterval(() => void look(), LOOK_MS).unref();
      request.raw.on('close', () => {
        listeners.delete(listener);
        fresh.delete(listener);
        streams.delete(raw);
        if (listeners.size > 0) return;
        clearInterval(timer);
        timer = undefined;
        last = undefined;
      });
    },
    close() {
      clearInterval(timer);
      for (const stream of streams) stream.end();
    },
  };
}
