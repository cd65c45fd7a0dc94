// The search for a message that makes FETCH fail, against servers of every kind: it ends, finds the guilty, and all others are delivered with few failures.
import { describe, expect, it } from 'vitest';
import { MailroomError } from '../../../src/domain/errors.ts';
import { faultOf, isolation, MOST_UIDS } from '../../../src/inbound/isolation.ts';

/** What a server gives of the UIDs asked for before it fails; everything when it does not. */
type Server = (asked: readonly number[], poison: ReadonlySet<number>) => readonly number[];

const rowByRow: Server = (asked, poison) => {
  const at = asked.findIndex((uid) => poison.has(uid));
  return at < 0 ? asked : asked.slice(0, at);
};
const servers: [name: string, server: Server][] = [
  ['rows in order', rowByRow],
  ['rows from the last to the first', (asked, poison) => rowByRow(asked.toReversed(), poison)],
  ['all or nothing', (asked, poison) => (asked.some((uid) => poison.has(uid)) ? [] : asked)],
  [
    'the last rows before the failure are lost',
    (asked, poison) => {
      const given = rowByRow(asked, poison);
      return given.length === asked.length ? given : given.slice(0, -7);
    },
  ],
];

function search(count: number, poison: ReadonlySet<number>, server: Server) {
  const state = isolation();
  const closed = new MailroomError('IMAP_CONNECTION_CLOSED');
  const got: number[] = [];
  const guilty: number[] = [];
  let work = Array.from({ length: count }, (_, i) => i + 1);
  let failures = 0;
  for (let fetches = 0; work.length > 0; fetches++) {
    if (fetches > 20 * count) throw new Error('the search does not end');
    const asked = state.next(work, () => false);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.length).toBeLessThanOrEqual(MOST_UIDS);
    const given = new Set(server(asked, poison));
    for (const uid of given) state.arrived(uid);
    got.push(...given);
    const missing = asked.filter((uid) => !given.has(uid));
    const found = missing.length === 0 ? state.succeeded() : state.failed(asked, missing, closed);
    if (missing.length > 0) failures++;
    if (found !== undefined) guilty.push(found);
    work = work.filter((uid) => !given.has(uid) && uid !== found);
  }
  return { got: got.sort((a, b) => a - b), guilty: guilty.sort((a, b) => a - b), failures, state, closed };
}

describe.each(servers)('%s', (_name, server) => {
  it.each([
    ['in the middle', 200, [101]],
    ['the first', 200, [1]],
    ['the last', 200, [200]],
    ['alone in the folder', 1, [1]],
    ['three side by side', 200, [60, 61, 62]],
    ['in a large folder', 2_000, [1_234]],
    ['none', 700, []],
  ])('%s', (_where, count, poison) => {
    const { got, guilty, failures } = search(count, new Set(poison), server);
    expect(guilty).toEqual(poison);
    expect(got).toHaveLength(count - poison.length);
    expect(new Set(got).size).toBe(got.length);
    // Twice the bisection of a full fetch, for each.
    expect(failures).toBeLessThanOrEqual(poison.length * 2 * Math.ceil(Math.log2(MOST_UIDS)));
  });
});

describe('the cause of a failure', () => {
  it('is the messages when a few fail while others arrive, and the server when it returns nothing', () => {
    const few = search(50, new Set([10, 20]), rowByRow);
    expect(few.state.isToBlame()).toBe(true);
    const all = search(50, new Set(Array.from({ length: 50 }, (_, i) => i + 1)), rowByRow);
    expect(all.state.isToBlame()).toBe(false);
    expect(all.state.isSearching(all.closed)).toBe(false);
    all.state.arrived(51);
    expect(all.state.isToBlame()).toBe(true);
  });

  it('is the server from the fourth message that fails alone on', () => {
    const state = isolation();
    const blamed = [1, 2, 3, 4].map((uid) => {
      state.failed([uid], [uid], new MailroomError('IMAP_CONNECTION_CLOSED'));
      return state.isToBlame();
    });
    expect(blamed).toEqual([true, true, true, false]);
  });

  it('is searched for in twenty failures, which is more than a search takes', () => {
    const state = isolation();
    const closed = new MailroomError('IMAP_CONNECTION_CLOSED');
    const searching = Array.from({ length: 21 }, () => {
      state.failed([1, 2], [1], closed);
      return state.isSearching(closed);
    });
    expect(searching.indexOf(false)).toBe(20);
  });

  it('is searched for until a message arrives, and only after failures of FETCH', () => {
    const state = isolation();
    const closed = new MailroomError('IMAP_CONNECTION_CLOSED');
    state.failed([1, 2], [1, 2], closed);
    expect(state.isSearching(closed)).toBe(true);
    expect(state.isSearching(new MailroomError('IMAP_CONNECTION_CLOSED'))).toBe(false);
    state.arrived(2);
    expect(state.isSearching(closed)).toBe(false);
  });

  it('is not looked for in messages that wait for their next attempt: each of them is fetched alone, and last', () => {
    const state = isolation();
    expect(state.next([1, 2, 3], (uid) => uid === 2)).toEqual([1, 3]);
    expect(state.next([2, 4], () => true)).toEqual([2]);
  });

  it('is looked for in the headers of a message once', () => {
    const state = isolation();
    expect([state.mayFetchHeader(1), state.mayFetchHeader(1), state.mayFetchHeader(2)]).toEqual([true, false, true]);
    state.quarantined(1);
    expect(state.mayFetchHeader(1)).toBe(true);
  });

  it.each([
    ['IMAP_CONNECTION_CLOSED', 'connection-closed'],
    ['IMAP_SILENT', 'server-silent'],
    ['IMAP_COMMAND_FAILED', 'fetch-refused'],
    ['IMAP_SERVER_BUG', 'fetch-refused'],
    ['IMAP_THROTTLED', undefined],
    ['IMAP_TOKEN_EXPIRED', undefined],
    ['IMAP_SERVER_UNAVAILABLE', undefined],
    ['BLOB_STORE_FULL', undefined],
    ['LEASE_LOST', undefined],
  ] as const)('%s: %s', (code, fault) => expect(faultOf(new MailroomError(code))).toBe(fault));
});
