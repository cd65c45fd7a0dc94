// Memory that is used again: pieces never overlap while they are out, and are used again only when all of a slab are back.
import { expect, test } from 'vitest';
import { createSlabs, type Piece } from '../../../src/lib/slabs.ts';

/** Marks each piece with its own byte and says whether all of them still hold it. */
const filled = (piece: Piece, byte: number) => piece.memory.fill(byte);
const intact = (pieces: readonly Piece[]) => pieces.every((piece, i) => piece.memory.every((byte) => byte === i % 251));

test('never overwrites pieces in use, however many are handed out and returned', () => {
  const allocate = createSlabs(4 << 20);
  const kept: Piece[] = [];
  for (let i = 0; i < 300; i++) {
    const passing = allocate(50_000 + i * 100);
    filled(passing, 255);
    const piece = allocate(1_000 + (i % 7) * 30_000);
    filled(piece, kept.length % 251);
    kept.push(piece);
    passing.release();
  }
  expect(intact(kept)).toBe(true);
});

test('reuses a slab’s memory only when all its pieces are back; returning one twice counts once', () => {
  const allocate = createSlabs(4 << 20);
  const first = Array.from({ length: 4 }, () => allocate(1_600_000)); // two in each slab
  const buffers = new Set(first.map(({ memory }) => memory.buffer));
  expect(buffers.size).toBe(2);
  first[0]?.release();
  first[0]?.release();
  const third = Array.from({ length: 2 }, () => allocate(1_600_000));
  expect(buffers.has(third[0]?.memory.buffer as ArrayBuffer)).toBe(false);
  first[1]?.release();
  const fourth = Array.from({ length: 2 }, () => allocate(1_600_000));
  expect(fourth.map(({ memory }) => memory.buffer)).toEqual([first[0]?.memory.buffer, first[0]?.memory.buffer]);
});

test('gives a large mail memory of its own, and an empty one none', () => {
  const allocate = createSlabs(4 << 20);
  const large = allocate(3_000_000);
  expect([large.memory.length, large.memory.buffer.byteLength]).toEqual([3_000_000, 3_000_000]);
  expect(allocate(0).memory.length).toBe(0);
  // Freed now, not when a collection comes.
  large.release();
  expect(large.memory.length).toBe(0);
  expect(() => large.release()).not.toThrow(); // twice is once
});

test('frees returned slabs above the number to keep', () => {
  const allocate = createSlabs(1_000);
  const pieces = Array.from({ length: 10 }, () => allocate(500)); // five slabs, two in each
  for (const piece of pieces) piece.release();
  expect(pieces.flatMap(({ memory }, i) => (memory.length === 0 ? [i] : []))).toEqual([6, 7]);
});
