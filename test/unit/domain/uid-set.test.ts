// UID sets as IMAP writes them (RFC 9051 §4.1.1), read, joined and cut.
import { describe, expect, it } from 'vitest';
import * as uidSet from '../../../src/domain/uid-set.ts';
import { seededRandom } from '../../support/random.ts';

describe('UID set', () => {
  it.each([
    ['', 0, 0],
    ['1', 1, 1],
    ['1:500,502,700:712', 514, 712],
    ['7,5,6,1:2', 5, 7],
    ['10:3', 8, 10],
  ])('reads %s', (text, size, highest) => {
    const set = uidSet.parse(text);
    expect(uidSet.size(set)).toBe(size);
    expect(uidSet.highest(set)).toBe(highest);
    expect(uidSet.parse(uidSet.format(set))).toEqual(set);
  });

  it.each(['0', '1:*', 'a', '1,,2', '1-5', '1:2:3', '99999999999'])('refuses %s, naming it', (text) => {
    expect(() => uidSet.parse(text)).toThrow(RangeError);
  });

  it('agrees with plain sets over random operations', () => {
    const random = seededRandom(7);
    for (let round = 0; round < 200; round++) {
      const some = () => Array.from({ length: Math.floor(random() * 40) }, () => 1 + Math.floor(random() * 60));
      const [a, b, probe] = [some(), some(), some()];
      const [setA, setB] = [uidSet.fromUids(a), uidSet.fromUids(b)];
      const expand = (set: uidSet.UidSet) => {
        const uids: number[] = [];
        for (const [first, last] of set) for (let uid = first; uid <= last; uid++) uids.push(uid);
        return uids;
      };
      const sorted = (uids: Iterable<number>) => [...new Set(uids)].sort((x, y) => x - y);
      expect(expand(uidSet.union(setA, setB))).toEqual(sorted([...a, ...b]));
      expect(expand(uidSet.subtract(setA, setB))).toEqual(sorted(a.filter((uid) => !b.includes(uid))));
      expect(uidSet.missing(setA, probe)).toEqual(probe.filter((uid) => !a.includes(uid)));
    }
  });

  it('is unchanged when split into chunks and read back', () => {
    const set = uidSet.parse('1:5000,8191:8193,100000');
    expect(uidSet.chunksOf(set)).toEqual([0, 1, 2, 24]);
    const again = uidSet.union(...uidSet.chunksOf(set).map((c) => uidSet.chunk(set, c)));
    expect(again).toEqual(set);
  });
});
