// Server-sent events: "changed" whenever the state that the pages show differs. The state is polled once for all listeners, and not without
// listeners. Streams are limited: in number, to readers that receive the data, and to sessions that are still valid.
import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { perClient } from '../per-client.ts';
import type { Session } from '../ports.ts';
import type { PortalDeps } from './deps.ts';
import { queryOf } from './gate.ts';

const LOOK_MS = 1_000;
/** Wait between two polls, as a multiple of a poll's duration: polling a large fleet takes no more than a tenth of a core. */
const REST = 10;
/** Looks between two signs of life, so that proxies keep the stream open; with each, times that only pass are told as a change, too. */
const ALIVE = 15;
const STREAMS = 200;
/** Open pages of one person. */
const STREAMS_EACH = 12;
/** Characters of a server's name. */
const LONGEST_NAME = 400;
/** Bytes that may wait for a reader. */
const UNREAD = 64 * 1024;

interface Stream {
  raw: ServerResponse;
  /** Its page may be older than the last look: told once in any case. */
  fresh: boolean;
  /** Its page shows the events of this email server. */
  server: string | undefined;
  /** The newest of them, as of the last look. */
  newest?: string;
  /** Whether the session is still valid. */
  known(): Promise<boolean>;
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
  let looks = 0;

  function tell(stream: Stream, line: string): void {
    if (stream.raw.writableLength > UNREAD) stream.raw.destroy();
    else stream.raw.write(line);
  }

  async function look(): Promise<void> {
    looks += 1;
    const breath = looks % ALIVE === 0;
    try {
      const next = shownOf(await overview());
      const changed = breath || (last !== undefined && next !== last);
      last = next;
      const servers = [...new Set([...streams].flatMap(({ server }) => server ?? []))];
      const newest = new Map(
        await Promise.all(servers.map(async (server) => [server, await newestEvent(server)] as const)),
      );
      for (const stream of streams) {
        const event = newest.get(stream.server ?? '');
        const isNew = stream.newest !== undefined && event !== stream.newest;
        if (changed || isNew || stream.fresh) tell(stream, 'event: changed\ndata: 1\n\n');
        stream.fresh = false;
        if (event !== undefined) stream.newest = event;
      }
      if (breath) for (const stream of streams) if (!(await stream.known())) stream.raw.end();
    } catch {
      // Redis is away: its own event reports it, and the pages stay unchanged.
      if (breath) for (const stream of streams) tell(stream, ': alive\n\n');
    }
  }

  async function run(): Promise<void> {
    const began = performance.now();
    await look();
    const rest = Math.max(LOOK_MS, REST * (performance.now() - began));
    if (streams.size > 0) timer = setTimeout(() => void run(), rest).unref();
    else timer = last = undefined;
  }

  return {
    handle(request, reply) {
      // The page asks again after a while; until then it is as fresh as its last reload.
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
      const known = async () => (await sessionOf(request)) !== undefined;
      const stream: Stream = { raw, fresh: true, server: queryOf(request).server?.slice(0, LONGEST_NAME), known };
      streams.add(stream);
      raw.on('close', () => streams.delete(stream));
      timer ??= setTimeout(() => void run(), LOOK_MS).unref();
    },
    close() {
      clearTimeout(timer);
      for (const { raw } of streams) raw.end();
    },
  };
}

/** What the pages show, without the times that pass by themselves. */
function shownOf({ mailboxes, senders, ...rest }: Awaited<ReturnType<PortalDeps['overview']>>): string {
  const still = [...mailboxes, ...senders].map(({ live: { lastProvenAt: _, blindSeconds: __, ...live }, ...view }) => ({
    ...view,
    live,
  }));
  return JSON.stringify([rest, still]);
}
