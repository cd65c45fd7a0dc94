// Traces that nobody asked for cost nothing: not a file of the SDK is loaded by a gateway without them. And what a span is.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { tracingFrom } from '../../../src/config/tracing.ts';
import { openTracing } from '../../../src/telemetry/tracing-sdk.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Files of the SDK that a process has loaded once its telemetry is open. prom-client loads the API in any case. */
async function loaded(env: Record<string, string>): Promise<number> {
  const script = `
    import { registerHooks } from 'node:module';
    const found = new Set();
    registerHooks({ load(url, context, next) { if (/@opentelemetry.(?!api[/])/.test(url)) found.add(url); return next(url, context); } });
    await import('./src/gateway.ts');
    const { openTelemetry } = await import('./src/telemetry/open.ts');
    const { tracingFrom } = await import('./src/config/tracing.ts');
    const opened = await openTelemetry('silent', tracingFrom(process.env), { role: 'x', instance: 'x', version: () => '0' });
    await opened.close();
    console.log(found.size);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    env: { PATH: process.env.PATH, ...env },
  });
  return Number(stdout);
}

it('is loaded only where a variable asks for it', async () => {
  expect(await loaded({})).toBe(0);
  expect(await loaded({ OTEL_TRACES_EXPORTER: 'otlp' })).toBeGreaterThan(10);
}, 180_000);

describe('a span', () => {
  const open = () => openTracing(tracingFrom({}), { version: '0', role: 'x', instance: 'x' }, () => {});
  const REMOTE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const traceOf = (traceparent: string) => traceparent.split('-')[1];

  it('joins the trace of its parent, a span of ours or a traceparent', () => {
    const tracing = open();
    const joined = tracing.start('a', { parent: REMOTE });
    expect(traceOf(joined.traceparent)).toBe(traceOf(REMOTE));
    expect(joined.traceparent).not.toBe(REMOTE);
    expect(traceOf(tracing.start('b', { parent: joined }).traceparent)).toBe(traceOf(REMOTE));
  });

  it.each([undefined, '', 'nonsense', REMOTE.replace(/^00/, 'ff')])('begins a trace with %j', (parent) => {
    const { traceparent } = open().start('a', { parent });
    expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(traceOf(traceparent)).not.toBe(traceOf(REMOTE));
  });

  it('lends its ids to what is logged in it, asynchronously too, until it ends', async () => {
    const tracing = open();
    const span = tracing.start('a');
    let late: () => object = () => ({ never: 'set' });
    const ids = await tracing.within(span, async () => {
      await Promise.resolve();
      late = tracing.ids.bind(tracing);
      return tracing.ids();
    });
    expect(ids).toEqual({ trace_id: traceOf(span.traceparent), span_id: span.traceparent.split('-')[2] });
    expect(tracing.ids()).toEqual({});
    span.end();
    expect(tracing.within(span, late)).toEqual({});
  });
});

it('loses spans to a collector that is not there, says how many and why, and closes in time', async () => {
  const lost: [number, string][] = [];
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:1'); // tcpmux: nobody listens
  vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '1000');
  const tracing = openTracing(tracingFrom({}), { version: '0', role: 'x', instance: 'x' }, (...told) =>
    lost.push(told),
  );
  vi.unstubAllEnvs();
  const begun = performance.now();
  for (let n = 0; n < 3; n++) tracing.start('a').end('LEASE_LOST');
  expect(performance.now() - begun).toBeLessThan(2_000);
  await tracing.close();
  expect(lost).toEqual([[3, 'ECONNREFUSED']]);
  expect(performance.now() - begun).toBeLessThan(20_000);
});
