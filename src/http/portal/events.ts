// Server-sent events: "changed" whenever the state that the pages show differs. The state is polled once for all listeners, and not without
// listeners. Streams are limited: in number, to readers that receive the data, and to sessions that are still valid.
import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { perClient } from '../per-client.ts';
import type { Session } from '../ports.ts';
import type { PortalDeps } from './deps.ts';
import { queryOf } from './gate.ts';

const POLL_MS = 1_000;
/** Wait between two polls, as a multiple of a poll's duration: polling a large fleet takes no more than a tenth of a core. */
const REST_FACTOR = 10;
/** Polls between two keepalives for proxies. Each also counts as a change, because the times on a page go out of date. */
const KEEPALIVE_POLLS = 15;
const STREAMS = 200;
/** Open pages of one person. */
const STREAMS_EACH = 12;
/** Characters of a server's name. */
const LONGEST_NAME = 400;
/** Bytes that may wait for a reader. */
const UNREAD = 64 * 1024;

interface Stream {
  raw: ServerResponse;
  /** Its page may be older than the last poll: it is notified once in any case. */
  fresh: boolean;
  /** Its page shows the events of this email server. */
  server: string | undefined;
  /** The newest of them at the last poll. */
  newest?: string;
  isSignedIn(): Promise<boolean>;
}

interface LiveEvents {
  handle(request: FastifyRequest, reply: FastifyReply): void;
  /** Ends all streams, so that the process can stop at once. */
  close(): void;
}

interface LiveDeps extends Pick<PortalDeps, 'overview' | 'newestEvent'> {
  sessionOf(request: FastifyRequest): Promise<Session | undefined>;
  /** Name of the person who is signed in. */
  whoOf(request: FastifyRequest): string;
}

export function liveEvents({ overview, newestEvent, sessionOf, whoOf }: LiveDeps): LiveEvents {
  const streams = new Set<Stream>();
  const each = perClient(STREAMS_EACH);
  let timer: NodeJS.Timeout | undefined;
  let last: string | undefined;
  let polls = 0;

  function write(stream: Stream, line: string): void {
    if (stream.raw.writableLength > UNREAD) stream.raw.destroy();
    else stream.raw.write(line);
  }

  async function poll(): Promise<void> {
    polls += 1;
    const isKeepalive = polls % KEEPALIVE_POLLS === 0;
    try {
      const next = shownOf(await overview());
      const changed = isKeepalive || (last !== undefined && next !== last);
      last = next;
      const servers = [...new Set([...streams].flatMap(({ server }) => server ?? []))];
      const newest = new Map(
        await Promise.all(servers.map(async (server) => [server, await newestEvent(server)] as const)),
      );
      for (const stream of streams) {
        const event = newest.get(stream.server ?? '');
        const isNew = stream.newest !== undefined && event !== stream.newest;
        if (changed || isNew || stream.fresh) write(stream, 'event: changed\ndata: 1\n\n');
        stream.fresh = false;
        if (event !== undefined) stream.newest = event;
      }
      if (isKeepalive) for (const stream of streams) if (!(await stream.isSignedIn())) stream.raw.end();
    } catch {
      // Redis is away: its own event reports it, and the pages stay unchanged.
      if (isKeepalive) for (const stream of streams) write(stream, ': alive\n\n');
    }
  }

  async function run(): Promise<void> {
    const began = performance.now();
    await poll();
    const rest = Math.max(POLL_MS, REST_FACTOR * (performance.now() - began));
    if (streams.size > 0) timer = setTimeout(() => void run(), rest).unref();
    else timer = last = undefined;
  }

  return {
    handle(request, reply) {
      // The page reconnects after a while; until then it shows the state of its last reload.
      if (streams.size >= STREAMS || !each.enter(whoOf(request), reply.raw))
        return void reply.code(503).header('retry-after', '10').send();
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        'x-content-type-options': 'nosniff',
      });
      raw.write('retry: 3000\n\n');
      const isSignedIn = async () => (await sessionOf(request)) !== undefined;
      const stream: Stream = { raw, fresh: true, server: queryOf(request).server?.slice(0, LONGEST_NAME), isSignedIn };
      streams.add(stream);
      raw.on('close', () => streams.delete(stream));
      timer ??= setTimeout(() => void run(), POLL_MS).unref();
    },
    close() {
      clearTimeout(timer);
      for (const { raw } of streams) raw.end();
    },
  };
}

/** What the pages show, without values that change with the passing time alone. */
function shownOf({ mailboxes, senders, ...rest }: Awaited<ReturnType<PortalDeps['overview']>>): string {
  const still = [...mailboxes, ...senders].map(({ live: { lastProvenAt: _, blindSeconds: __, ...live }, ...view }) => ({
    ...view,
    live,
  }));
  return JSON.stringify([rest, still]);
}
