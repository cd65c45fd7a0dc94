// Attempts to guess an API token: counted by address over all replicas; beyond the limit the address waits. Redis is asked only about an
// address that has failed at this process before: a valid token costs nothing.
import { isIPv6 } from 'node:net';
import { MailroomError } from '../domain/errors.ts';

/** Failed requests from one address within 15 minutes. A program with an old token may repeat itself; a guesser needs far more. */
export const API_ATTEMPTS = 100;
const REMEMBERED = 10_000;

export interface LockOut {
  attempt(from: string): Promise<{ count: number; forgottenInMs: number }>;
  attempts(from: string): Promise<{ count: number; forgottenInMs: number }>;
}

/** An address as a key: of IPv6 the /64, which is one customer's whole network. */
export function addressKey(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined || !isIPv6(ip)) return mapped ?? ip;
  const [head = '', tail = ''] = (ip.split('%')[0] ?? ip).toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const gap = ip.includes('::') ? Array.from({ length: 8 - left.length - right.length }, () => '0') : [];
  return `${[...left, ...gap, ...right].slice(0, 4).join(':')}::/64`;
}

export function apiLockOut(store: LockOut | undefined) {
  /** Addresses that failed here, the oldest first. */
  const suspects = new Set<string>();
  return {
    /** Before a token is looked at. @throws MailroomError HTTP_LOCKED with the time to wait */
    async check(ip: string): Promise<void> {
      const from = addressKey(ip);
      if (store === undefined || !suspects.has(from)) return;
      // Redis being away locks nobody out: tokens are checked all the same.
      const state = await store.attempts(`api:${from}`).catch(() => undefined);
      if (state !== undefined && state.count >= API_ATTEMPTS)
        throw new MailroomError('HTTP_LOCKED', { retryAfterMs: state.forgottenInMs });
      if (state?.count === 0) suspects.delete(from);
    },
    async failed(ip: string): Promise<void> {
      const from = addressKey(ip);
      if (store === undefined) return;
      suspects.delete(from);
      suspects.add(from);
      if (suspects.size > REMEMBERED) for (const oldest of suspects) return void suspects.delete(oldest);
      await store.attempt(`api:${from}`).catch(() => {});
    },
  };
}
