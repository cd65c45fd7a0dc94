// Releases run last in, first out, whatever happens to one of them.
import { describe, expect, it } from 'vitest';
import { releaseStack } from '../../../src/lib/release-stack.ts';

describe('release stack', () => {
  it('releases last-in-first-out, once, and continues after one that throws', async () => {
    const order: string[] = [];
    const failed: string[] = [];
    const stack = releaseStack((name) => failed.push(name));
    stack.defer('a', () => void order.push('a'));
    stack.defer('b', () => {
      throw new Error('b broke');
    });
    stack.defer('c', async () => void order.push('c'));
    await expect(stack.release()).rejects.toThrow('b broke');
    await expect(stack.release()).rejects.toThrow('b broke');
    expect(order).toEqual(['c', 'a']);
    expect(failed).toEqual(['b']);
  });
});
