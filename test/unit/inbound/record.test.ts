// A message on its way into the queue: its bytes are nobody else's while they are being written, whatever fails beside that.
import { expect, test } from 'vitest';
import { commitReceived } from '../../../src/inbound/record.ts';
import type { Watched } from '../../../src/inbound/watched.ts';
import { unreadable } from '../../../src/mime/index.ts';

test('an error is told only when the bytes are written', async () => {
  let written: (() => void) | undefined;
  const durable = new Promise<void>((resolve) => {
    written = resolve;
  });
  const storing = Promise.resolve({ references: [], durable });
  const watched = {
    server: {},
    mailboxId: 'm',
    ledger: { meta: {} },
    ports: { ledgers: { siblings: () => Promise.reject(new Error('Redis is away')) }, relate: async () => ({}) },
  } as unknown as Watched;
  const one = { uid: 1, internalDate: new Date(0), size: 1, parsed: unreadable('replacement-text') };
  let told = false;
  const failing = commitReceived(watched, [one], storing, ['f']).catch((error: unknown) => {
    told = true;
    throw error;
  });
  failing.catch(() => {});
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toBe(false);
  written?.();
  await expect(failing).rejects.toThrow('Redis is away');
});
