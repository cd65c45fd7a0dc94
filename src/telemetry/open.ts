// Opens the telemetry of a process: log, metrics, events and, if the variables of OpenTelemetry request them, traces.
import { asError } from '../domain/errors.ts';
import { createEmit, type Emit } from './events.ts';
import { createHistoryCounter } from './history-counter.ts';
import { createLogControl, type LogLevel } from './log-control.ts';
import { createLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { collectServerLog } from './server-log.ts';
import type { Tracing, TracingSettings } from './tracing.ts';

/** @param version of Mailroom, called only with traces */
export async function openTelemetry(
  level: LogLevel,
  traces: TracingSettings,
  { role, instance, version }: { role: string; instance: string; version: () => string },
) {
  let emit: Emit = () => {};
  const opened = await openTraces().catch((error: unknown) => asError(error));
  const tracing = opened instanceof Error ? undefined : opened;
  const logger = createLogger({ level, role, ...(tracing === undefined ? {} : { mixin: tracing.ids }) });
  const metrics = createMetrics();
  const logControl = createLogControl(logger, level);
  const history = createHistoryCounter();
  const serverLog = collectServerLog();
  emit = createEmit(logger, metrics, logControl, undefined, (...event) => {
    history.observe(...event);
    serverLog.observe(...event);
  });
  for (const reason of traces.problems) emit('TracingRefused', { reason });
  if (opened instanceof Error) emit('TracingRefused', { reason: 'the exporter cannot be made', err: opened });
  else if (tracing !== undefined) emit('TracingStarted', { detail: { protocol: traces.protocol } });
  return {
    ...{ metrics, logControl, emit },
    /** Counts the events. */
    history,
    /** Keeps the newest events of each email server. */
    serverLog,
    /** Undefined: no traces, and OpenTelemetry is not loaded. */
    tracing: tracing as Tracing | undefined,
    /** Sends the remaining spans, within two seconds. */
    close: async () => tracing?.close(),
  };

  async function openTraces() {
    if (traces.exporter === 'none') return undefined;
    const sdk = await import('./tracing-sdk.ts');
    return sdk.openTracing(traces, { role, instance, version: version() }, (count, code) =>
      emit('TracesLost', { count, code }),
    );
  }
}
