// Two looks at a folder become events of what people did: each once, nothing of our own, nothing about what nobody waits for.
import { describe, expect, it } from 'vitest';
import {
  compareViews,
  countKinds,
  emptyView,
  type FolderView,
  fieldsOfView,
  type Poll,
  VIEW_WINDOW,
  viewOfFields,
} from '../../../src/domain/folder-view.ts';
import { fromUids } from '../../../src/domain/uid-set.ts';

const none = { seen: new Set<number>(), answered: new Set<number>(), moved: new Set<number>() };
type Flags = Record<number, string>;
/** @param flags uid → letters: s seen, a answered; a UID without an entry was not asked for */
const look = (uids: number[], flags: Flags = {}, more: Partial<Poll> = {}): Poll => ({
  era: '7',
  low: 1,
  uids,
  flags: new Map(
    Object.entries(flags).map(([uid, set]) => [Number(uid), { seen: set.includes('s'), answered: set.includes('a') }]),
  ),
  own: none,
  enqueued: fromUids([1, 2, 3, 4, 5]),
  at: 1_000,
  ...more,
});
const more = (uid: number): Partial<Poll> => ({ enqueued: fromUids([1, 2, 3, 4, 5, uid]) });
const acts = (act: Partial<Record<keyof typeof none, number[]>>) => ({
  own: { seen: new Set(act.seen), answered: new Set(act.answered), moved: new Set(act.moved) },
});

/** The looks one after the other; the changes of each. */
function changesOf(...looks: Poll[]): string[][] {
  let view: FolderView | undefined;
  return looks.map((one) => {
    const compared = compareViews(view, one);
    // As it comes back from Redis.
    view = viewOfFields(fieldsOfView(compared.view));
    return compared.changes.map(({ uid, kind }) => `${uid} ${kind}`).sort();
  });
}

const first = look([1, 2], { 1: '', 2: 's' });

describe('a poll after the first', () => {
  it.each<[string, Poll[], string[]]>([
    ['nothing', [look([1, 2], { 1: '', 2: 's' })], []],
    ['read', [look([1, 2], { 1: 's', 2: 's' })], ['1 seen']],
    ['unread again', [look([1, 2], { 1: '', 2: '' })], ['2 unseen']],
    ['answered, which Outlook marks as read as well', [look([1, 2], { 1: 'sa', 2: 's' })], ['1 answered', '1 seen']],
    ['the flag of an answer removed: not reported', [look([1, 2], { 1: 'a' }), look([1, 2], { 1: '' })], []],
    ['flags that were not requested are unchanged', [look([1, 2], {})], []],
    ['a mail that arrived and was read between two polls', [look([1, 2, 3], { 3: 's' })], ['3 seen']],
    ['a mail without a job', [look([1, 2, 9], { 9: 'sa' })], []],
    ['absent once: it may be hidden for a moment', [look([2])], []],
    ['absent twice: reported as gone', [look([2]), look([2])], ['1 gone']],
    ['gone: reported once', [look([2]), look([2]), look([2])], []],
    ['hidden for a moment', [look([2]), look([1, 2])], []],
    ['shown again after it was reported', [look([2]), look([2]), look([1, 2], { 1: '' })], ['1 returned']],
    [
      'shown again, and read in the meantime',
      [look([2]), look([2]), look([1, 2], { 1: 's' })],
      ['1 returned', '1 seen'],
    ],
    ['arrived and removed between two polls', [look([1, 2], {}, more(6)), look([1, 2], {}, more(6))], ['6 gone']],
    ['from before the first poll: not reported', [look([1, 2]), look([1, 2])], []],
    ['below the window now: not gone', [look([3], { 3: '' }, { low: 3 }), look([3], {}, { low: 3 })], []],
    ['both gone', [look([]), look([])], ['1 gone', '2 gone']],
  ])('%s', (_what, looks, expected) => {
    expect(changesOf(first, ...looks).at(-1)).toEqual(expected);
  });

  it('reports nothing at the first poll, however much is read and answered', () => {
    expect(changesOf(look([1, 2, 3], { 1: 'sa', 2: 's', 3: 'a' }))).toEqual([[]]);
  });
});

describe('Mailroom’s own changes', () => {
  it.each<[string, Poll[], string[], string[]]>([
    ['\\Seen after it was queued', [look([1, 2], { 1: 's' }, acts({ seen: [1] }))], [], ['seen:1']],
    ['\\Answered', [look([1, 2], { 1: 'a' }, acts({ answered: [1] }))], [], ['answered:1']],
    [
      '\\Seen is ours, the answer a colleague’s',
      [look([1, 2], { 1: 'sa' }, acts({ seen: [1] }))],
      ['1 answered'],
      ['seen:1'],
    ],
    ['requested and not done yet', [look([1, 2], { 1: '' }, acts({ seen: [1] }))], [], []],
    ['a colleague was faster', [look([1, 2], {}, acts({ seen: [2] }))], [], ['seen:2']],
    ['moved', [look([2], {}, acts({ moved: [1] }))], [], ['moved:1']],
    ['moved before any poll saw it', [look([1, 2], {}, acts({ moved: [3] }))], [], ['moved:3']],
    ['moved, and not gone yet', [look([1, 2], {}, acts({ moved: [1] }))], [], []],
    [
      'below the window',
      [look([3], {}, { low: 3, ...acts({ seen: [1], answered: [2] }) })],
      [],
      ['seen:1', 'answered:2'],
    ],
  ])('%s', (_what, looks, expected, settled) => {
    let view: FolderView | undefined = compareViews(undefined, first).view;
    let last = compareViews(view, first);
    for (const one of looks) {
      last = compareViews(view, one);
      view = last.view;
    }
    expect(last.changes.map(({ uid, kind }) => `${uid} ${kind}`)).toEqual(expected);
    expect(last.settled).toEqual(settled);
  });
});

it('report whether anything has to be written', () => {
  const { view } = compareViews(undefined, first);
  const differs = (next: Poll) => compareViews(view, next).differs;
  expect(compareViews(undefined, first).differs).toBe(true);
  expect([differs(look([1, 2], { 1: '', 2: 's' })), differs(look([1, 2], {}, { at: 9, modseq: '4' }))]).toEqual([
    false,
    false,
  ]);
  expect([differs(look([1, 2, 3])), differs(look([2])), differs(look([1, 2], { 1: 's' }))]).toEqual([true, true, true]);
});

it('keep the view at the size of its window, however large the folder', () => {
  const uids = Array.from({ length: 20_000 }, (_, i) => i + 1);
  const all = (low: number, set: string) =>
    look(uids.slice(low - 1), Object.fromEntries(uids.slice(low - 1).map((uid) => [uid, set])), {
      low,
      enqueued: [[1, 20_000]],
    });
  const low = 20_000 - VIEW_WINDOW + 1;
  const { view } = compareViews(undefined, all(low, ''));
  const read = compareViews(view, all(low, 's'));
  expect(countKinds(read.changes)).toEqual({ seen: VIEW_WINDOW });
  expect(JSON.stringify(fieldsOfView(read.view)).length).toBeLessThan(400);
});

it.each([
  ['nothing', {}],
  ['text', { rest: 'x', at: '1' }],
  ['an invalid set', { ...fieldsOfView(emptyView('7', 1)), seen: 'all' }],
  ['sets that would exhaust memory', { ...fieldsOfView(emptyView('7', 1)), seen: '1:4294967295' }],
])('a view of %s is invalid', (_what, fields: Record<string, string>) => {
  expect(viewOfFields(fields)).toBeUndefined();
});

it('a view is unchanged after it is read back from its fields', () => {
  const view: FolderView = {
    ...compareViews(undefined, look([1, 2, 4], { 1: 's', 4: 'a' }, { modseq: '77' })).view,
    ...{ seq: 5, sent: { uidValidity: '3', uid: 9 }, unreported: { seen: 2 } },
  };
  expect(viewOfFields(fieldsOfView(view))).toEqual(view);
});
