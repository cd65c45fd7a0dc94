// /healthz (the process answers), /readyz (it does what it should) and /metrics.
import { z } from 'zod';
import { asError } from '../domain/errors.ts';
import type { Health, HttpDeps, HttpTimeouts } from './deps.ts';
import { type Route, route } from './routes.ts';

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
  { health, metrics, protectMetrics = false }: Pick<HttpDeps, 'health' | 'metrics' | 'protectMetrics'>,
  timeouts: Pick<HttpTimeouts, 'health'>,
): Route[] {
  const guard = protectMetrics ? ({ permission: 'status:read' } as const) : {};

  /** Never throws and never hangs: an orchestrator that waits for an answer decides nothing. */
  async function asked(): Promise<Health> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Health>((resolve) => {
      timer = setTimeout(() => resolve(broken('no answer in time')), timeouts.health);
    });
    try {
      return await Promise.race([health(), late]);
    } catch (thrown) {
      return broken(asError(thrown).name);
    } finally {
      clearTimeout(timer);
    }
  }

  return [
    route({
      method: 'GET',
      path: '/healthz',
      operationId: 'getLiveness',
      summary: 'The process is alive',
      tag: 'Operation',
      answers: { 200: { description: 'Alive', schema: z.object({ status: z.literal('ok') }) } },
      handle: ({ reply }) => {
        reply.header('cache-control', 'no-store');
        return { status: 'ok' };
      },
    }),
    route({
      method: 'GET',
      path: '/readyz',
      operationId: 'getReadiness',
      summary: 'The process does what its roles say: Redis and blob store reachable, mailboxes watched',
      tag: 'Operation',
      answers: {
        200: { description: 'Ready', schema: healthSchema },
        503: { description: 'Not ready, with the checks that fail', schema: healthSchema },
      },
      handle: async ({ reply }) => {
        const state = await asked();
        reply.code(state.ready ? 200 : 503).header('cache-control', 'no-store');
        return state;
      },
    }),
    route({
      ...guard,
      method: 'GET',
      path: '/metrics',
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
