// Live pages: what is told, and that streams are bounded, with a clock of the test's own.
import { EventEmitter } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Overview } from '../../../src/http/portal/deps.ts';
import { liveEvents } from '../../../src/http/portal/events.ts';
import type { Session } from '../../../src/http/ports.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const kim: Session = { name: 'Kim', role: 'viewer', csrf: 'c' };
let flows: Overview['flows'] = [];
let newest: Record<string, string> = {};
let session: Session | undefined = kim;
let looks = 0;
let who = 'Kim';
const live = () => {
  flows = [];
  newest = {};
  session = kim;
  looks = 0;
  return liveEvents({
    async overview() {
      looks += 1;
      const replies = { held: 0, uncertain: 0, retrying: 0, failed: 0 };
      return { attention: [], replies, flows, mailboxes: [], senders: [], quarantined: 0, replicas: 1 };
    },
    newestEvent: async (server) => newest[server] ?? '',
    sessionOf: async () => session,
    whoOf: () => who,
  });
};

class Stream extends EventEmitter {
  text = '';
  ended = false;
  destroyed = false;
  writableLength = 0;
  writeHead() {}
  write(text: string) {
    this.text += text;
  }
  end() {
    this.ended = true;
    this.emit('close');
  }
  destroy() {
    this.destroyed = true;
    this.emit('close');
  }
  told = () => this.text.split('event: changed').length - 1;
}
function listen(events: ReturnType<typeof liveEvents>, query = {}) {
  const raw = new Stream();
  const refused = { code: 0 };
  const reply = {
    raw,
    hijack() {},
    code(code: number) {
      refused.code = code;
      return reply;
    },
    header: () => reply,
    send: () => reply,
  };
  events.handle({ query } as FastifyRequest, reply as unknown as FastifyReply);
  return { raw, refused };
}
const flow = { emailFlow: 'F', servers: [], waiting: 1, jobs: {} };

describe('live events', () => {
  it('notify a page once after it opened, then of every change, and periodically', async () => {
    const events = live();
    const { raw } = listen(events);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(raw.told()).toBe(1);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(raw.told()).toBe(1);
    flows = [flow];
    await vi.advanceTimersByTimeAsync(1_000);
    expect(raw.told()).toBe(2);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(raw.told()).toBe(3);
    events.close();
    expect(raw.ended).toBe(true);
  });

  it('notify the page of a server of its new events, and no other page', async () => {
    const events = live();
    newest = { In: 'first' };
    const [of, other, all] = [{ server: 'In' }, { server: 'Out' }, {}].map((query) => listen(events, query).raw);
    await vi.advanceTimersByTimeAsync(3_000);
    const before = [of, other, all].map((raw) => raw?.told());
    newest = { In: 'second' };
    await vi.advanceTimersByTimeAsync(2_000);
    expect(before).toEqual([1, 1, 1]);
    expect([of, other, all].map((raw) => raw?.told())).toEqual([2, 1, 1]);
    events.close();
  });

  it('read nothing when no page is open', async () => {
    const events = live();
    const { raw } = listen(events);
    await vi.advanceTimersByTimeAsync(2_000);
    raw.end();
    await vi.advanceTimersByTimeAsync(2_000);
    const before = looks;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(looks).toBe(before);
    const again = listen(events);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(again.raw.told()).toBe(1);
    events.close();
  });

  it('end with the session', async () => {
    const events = live();
    const { raw } = listen(events);
    await vi.advanceTimersByTimeAsync(1_000);
    session = undefined;
    await vi.advanceTimersByTimeAsync(15_000);
    expect(raw.ended).toBe(true);
    events.close();
  });

  it('are ended for a reader that receives nothing', async () => {
    const events = live();
    const { raw } = listen(events);
    raw.writableLength = 100_000;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(raw.destroyed).toBe(true);
    events.close();
  });

  it('are limited in number', () => {
    const events = live();
    const all = Array.from({ length: 201 }, (_, i) => {
      who = `person ${i}`;
      return listen(events);
    });
    expect(all.slice(0, 200).every(({ refused }) => refused.code === 0)).toBe(true);
    expect(all[200]?.refused.code).toBe(503);
    events.close();
  });

  it('are limited for each person, and free again when one ends', () => {
    const events = live();
    who = 'Kim';
    const own = Array.from({ length: 13 }, () => listen(events));
    expect(own.map(({ refused }) => refused.code)).toEqual([...Array.from({ length: 12 }, () => 0), 503]);
    who = 'Lee';
    expect(listen(events).refused.code).toBe(0);
    who = 'Kim';
    own[3]?.raw.end();
    expect(listen(events).refused.code).toBe(0);
    events.close();
  });
});
