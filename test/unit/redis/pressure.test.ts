// Ingest pauses before Redis is full.
import type { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { createPressure } from '../../../src/adapters/redis/pressure.ts';

describe('back-pressure', () => {
  it('stops at nine tenths of maxmemory, resumes a tenth below; queries Redis at most twice a second', async () => {
    let used = 50;
    let asked = 0;
    let now = 0;
    const redis = {
      info: async () => {
        asked++;
        return `# Memory\r\nused_memory:${used}\r\nmaxmemory:100\r\n`;
      },
    } as unknown as Redis;
    const pressure = createPressure(
      redis,
      async () => 0,
      10,
      () => now,
    );
    const at = async (ms: number, memory: number) => {
      now = ms;
      used = memory;
      return pressure('F');
    };
    expect(await at(0, 50)).toBeUndefined();
    expect(await at(100, 99)).toBeUndefined(); // not asked again yet
    expect(await at(600, 91)).toBeUndefined(); // asked again, and nobody waits for it
    expect(await at(700, 91)).toBe('redis-memory');
    expect(await at(1_200, 85)).toBe('redis-memory');
    expect(await at(1_800, 80)).toBeUndefined();
    expect(asked).toBe(4);
  });

  it('stops a flow whose backlog is over its limit, and no other', async () => {
    let now = 0;
    const backlog: Record<string, number> = { A: 10, B: 1 };
    const redis = { info: async () => 'used_memory:1\r\nmaxmemory:0\r\n' } as unknown as Redis;
    const pressure = createPressure(
      redis,
      async (flow) => backlog[flow] ?? 0,
      10,
      () => now,
    );
    expect(await pressure('A')).toBe('backlog');
    expect(await pressure('B')).toBeUndefined();
    now = 1_000;
    backlog.A = 9;
    expect(await pressure('A')).toBe('backlog');
    now = 2_000;
    backlog.A = 8;
    expect(await pressure('A')).toBeUndefined();
  });
});
