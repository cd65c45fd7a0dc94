// A fault that comes with every reply or request: one line when it begins, one a minute with the count, one when it is over; each is counted.
import { expect, test } from 'vitest';
import { MailroomError } from '../../../src/domain/errors.ts';
import { createEmit } from '../../../src/telemetry/events.ts';
import { lastingState } from '../../../src/telemetry/lasting-state.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

function rig() {
  const lines: { event: string; level: string; count?: number; state?: string; code?: string; durationMs?: number }[] =
    [];
  const metrics = createMetrics();
  const clock = { at: 0, tick: undefined as (() => void) | undefined };
  const emit = createEmit(
    createLogger({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
    metrics,
    undefined,
    {
      now: () => clock.at,
      everyMinute(tick) {
        clock.tick = tick;
        return () => {
          clock.tick = undefined;
        };
      },
    },
  );
  const minute = () => {
    clock.at += 60_000;
    clock.tick?.();
  };
  return { lines, metrics, emit, minute, clock };
}

test('writes 4,000 requests that a full Redis refuses in three lines, and counts 4,000', async () => {
  const { lines, metrics, emit, minute, clock } = rig();
  const fail = (times: number) => {
    for (let i = 0; i < times; i++)
      emit('ApiRequestFailed', {
        code: 'REDIS_OUT_OF_MEMORY',
        kind: '/v1/replies',
        err: new MailroomError('REDIS_OUT_OF_MEMORY'),
      });
  };
  fail(3_000);
  expect(lines).toMatchObject([{ event: 'ApiRequestFailed', level: 'error' }]);
  minute();
  expect(lines[1]).toMatchObject({
    event: 'ApiRequestFailed',
    level: 'error',
    state: 'lasts',
    count: 2_999,
    code: 'REDIS_OUT_OF_MEMORY',
  });
  fail(1_000);
  minute();
  minute();
  expect(lines).toHaveLength(4);
  expect(lines[3]).toMatchObject({ level: 'info', state: 'over', count: 4_000, durationMs: 180_000 });
  expect(clock.tick).toBeUndefined(); // nothing is left that would wake the process
  expect(await metrics.registry.metrics()).toContain(
    'mailroom_api_request_failed_total{code="REDIS_OUT_OF_MEMORY"} 4000',
  );
});

test('keeps separate lines for another server, code and fault; a single event has no summary', () => {
  const { lines, emit, minute } = rig();
  emit('ReplyWorkerFailed', { server: 'a', err: new Error('ENOSPC: no space left on device, write') });
  emit('ReplyWorkerFailed', { server: 'b', err: new Error('ENOSPC: no space left on device, write') });
  emit('ReplyWorkerFailed', { server: 'a', err: new TypeError('x is not a function') });
  emit('ReplyWorkerFailed', { server: 'a', err: new MailroomError('BLOB_STORE_FULL') });
  expect(lines).toHaveLength(4);
  minute();
  expect(lines).toHaveLength(4);
});

test('never combines events that record what became of one message', () => {
  const { lines, emit } = rig();
  for (let i = 0; i < 3; i++) emit('MessageEnqueued', { server: 'a', emailFlow: 'f', uid: i });
  expect(lines).toHaveLength(3);
});

test('writes a lasting state as its begin, its end with count and duration, and its next begin', () => {
  const told: unknown[] = [];
  let at = 0;
  const state = lastingState<string>(
    (word) => told.push(word),
    (lasted) => told.push(lasted),
    () => at,
  );
  state.over();
  for (const word of ['first', 'second', 'third']) state.seen(word);
  at = 5_000;
  state.over();
  state.over();
  state.seen('again');
  expect(told).toEqual(['first', { count: 3, durationMs: 5_000 }, 'again']);
});
