// The sizing formula of docs/operator.md, as a function: what messages cost in Redis. `npm run bench -- drain | replicas` sets it beside what Redis used.
import type { Redis } from 'ioredis';

/** Bytes that Redis uses now. */
export async function usedMemory(client: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1] ?? 0);
}

/** A message's job beside its JSON: the hash and its other fields, lists, ledger, fingerprint, sibling, bytes. */
const EACH_MESSAGE = 1_500;
/** What the allocator rounds up, on average over sizes. */
const ROUNDING = 1.12;

/** @param jobs bytes of each job's JSON @returns bytes */
export function redisBytesOfMessages(jobs: readonly number[]): number {
  return jobs.reduce((sum, bytes) => sum + bytes * ROUNDING + EACH_MESSAGE, 0);
}
