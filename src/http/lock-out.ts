// Attempts to guess an API token, counted by address over all replicas. Beyond the limit, wrong tokens are refused late. Guesses never lock out a
// valid token from the same address, and a valid token costs no call to Redis.

import { isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MailroomError } from '../domain/errors.ts';
import type { Sessions } from './ports.ts';

/** Failed requests from one address within 15 minutes. A program with an old token may repeat it; guessing needs far more. */
export const API_ATTEMPTS = 100;
/** Refusals delayed at the same time; further ones are immediate. */
const MOST_WAITING = 100;

export type LockOut = Pick<Sessions, 'attempt'>;

/** An address as a key: for IPv6 its /64, the network of one customer. */
export function addressKey(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined || !isIPv6(ip)) return mapped ?? ip;
  const [head = '', tail = ''] = (ip.split('%')[0] ?? ip).toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const gap = ip.includes('::') ? Array.from({ length: 8 - left.length - right.length }, () => '0') : [];
  return `${[...left, ...gap, ...right].slice(0, 4).join(':')}::/64`;
}

/** @param slowMs delay of the answer to a wrong token from a locked address */
export function apiLockOut(store: LockOut | undefined, slowMs: number) {
  let waiting = 0;
  return {
    /** A wrong token was offered. @throws MailroomError HTTP_LOCKED with the time to wait */
    async failed(ip: string): Promise<void> {
      // Without Redis there is no lock-out; the token is refused anyway.
      const state = await store?.attempt(`api:${addressKey(ip)}`).catch(() => undefined);
      if (state === undefined || state.count <= API_ATTEMPTS) return;
      if (waiting < MOST_WAITING) {
        waiting += 1;
        await sleep(slowMs).finally(() => {
          waiting -= 1;
        });
      }
      throw new MailroomError('HTTP_LOCKED', { retryAfterMs: state.forgottenInMs });
    },
  };
}
