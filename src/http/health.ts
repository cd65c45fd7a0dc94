// /healthz (the process answers), /readyz (it does what it should) and /metrics.
import { z } from 'zod';
import { asError } from '../domain/errors.ts';
import { within } from '../lib/within.ts';
import type { Health, HttpDeps, HttpTimeouts } from './deps.ts';
import { get, type Route } from './routes.ts';

const healthSchema = z.object({
  ready: z.boolean(),
  checks: z.record(
    z.string(),
    z.object({
      ok: z.boolean(),
      state: z.string().optional(),
      code: z.string().optional(),
      hint: z.string().optional(),
    }),
  ),
});

export function healthRoutes(
  { health, metrics }: Pick<HttpDeps, 'health' | 'metrics'>,
  timeouts: Pick<HttpTimeouts, 'health'>,
): Route[] {
  /** Never throws and never hangs: without an answer an orchestrator cannot act. */
  const checked = (): Promise<Health> =>
    within(health(), timeouts.health, () => broken('no answer in time')).catch((thrown: unknown) =>
      broken(asError(thrown).name),
    );

  return [
    get('/healthz', {
      operationId: 'getLiveness',
      summary: 'The process is alive',
      tag: 'Operation',
      answers: { 200: { description: 'Alive', schema: z.object({ status: z.literal('ok') }) } },
      handle: ({ reply }) => {
        reply.header('cache-control', 'no-store');
        return { status: 'ok' };
      },
    }),
    get('/readyz', {
      operationId: 'getReadiness',
      summary: 'The process does what its roles say: Redis and blob store reachable, mailboxes watched',
      tag: 'Operation',
      answers: {
        200: { description: 'Ready', schema: healthSchema },
        503: { description: 'Not ready, with the checks that fail', schema: healthSchema },
      },
      handle: async ({ reply }) => {
        const state = await checked();
        reply.code(state.ready ? 200 : 503).header('cache-control', 'no-store');
        return state;
      },
    }),
    get('/metrics', {
      operationId: 'getMetrics',
      summary: 'Metrics in the Prometheus text format',
      tag: 'Operation',
      answers: { 200: { description: 'Metrics', contentType: 'text/plain' } },
      handle: async ({ reply }) => {
        reply.header('content-type', metrics.registry.contentType).header('cache-control', 'no-store');
        return metrics.text();
      },
    }),
  ];
}

const broken = (state: string): Health => ({ ready: false, checks: { health: { ok: false, state } } });
