// Server-sent events: "changed" whenever what the pages show is another. One look at the state a second for all who listen; nobody listens,
// nobody looks.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PortalDeps } from './deps.ts';

const LOOK_MS = 1_000;
/** Looks between two signs of life, so that proxies keep the stream open. */
const ALIVE = 15;

export function liveEvents({
  overview,
}: Pick<PortalDeps, 'overview'>): (request: FastifyRequest, reply: FastifyReply) => void {
  const listeners = new Set<(line: string) => void>();
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  let last: string | undefined;
  let looks = 0;

  const tell = (line: string) => {
    for (const listener of listeners) listener(line);
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
      if (last !== undefined && next !== last) tell('event: changed\ndata: 1\n\n');
      last = next;
    } catch {
      // Redis is away: its own event says so, and the page stays as it is.
    } finally {
      looking = false;
    }
    looks += 1;
    if (looks % ALIVE === 0) tell(': alive\n\n');
  }

  return (request, reply) => {
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
    timer ??= setInterval(() => void look(), LOOK_MS).unref();
    request.raw.on('close', () => {
      listeners.delete(listener);
      if (listeners.size > 0) return;
      clearInterval(timer);
      timer = undefined;
      last = undefined;
    });
  };
}
