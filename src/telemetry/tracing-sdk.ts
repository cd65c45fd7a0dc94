// Traces by the SDK of OpenTelemetry, loaded only if they are on. Nothing is registered globally, so that libraries add nothing to a trace.
// A slow or missing collector delays nothing: finished spans wait in a bounded queue (2,048, or OTEL_BSP_MAX_QUEUE_SIZE), further ones are dropped, one
// export runs at a time, and closing waits at most CLOSE_MS.
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT_CONTEXT, SpanKind as SdkKind, type Span as SdkSpan, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { parseTraceparent, traceparentOf } from '../contract/traceparent.ts';
import { defined } from '../lib/defined.ts';
import type { Span, SpanKind, Tracing, TracingSettings } from './tracing.ts';

/** Longest time to send the last spans, ms. */
const CLOSE_MS = 2_000;

interface OpenTracing extends Tracing {
  /** Ids of the span at work, for its log lines; empty when there is none. */
  ids(): { trace_id?: string; span_id?: string };
  close(): Promise<void>;
}

/**
 * @param onLost called with the number of spans that could not be sent, and why
 * @throws if the exporter cannot be created
 */
export function openTracing(
  settings: TracingSettings,
  { version, role, instance }: { version: string; role: string; instance: string },
  onLost: (count: number, code: string) => void,
): OpenTracing {
  const { batch } = settings;
  const processor = new BatchSpanProcessor({
    exporter: watched(settings.protocol === 'http/json' ? new JsonExporter() : new ProtobufExporter(), onLost),
    ...defined({
      scheduledDelayMillis: batch.delayMs,
      exportTimeoutMillis: batch.timeoutMs,
      maxQueueSize: batch.queueSize,
      maxExportBatchSize: batch.batchSize,
    }),
  });
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(
        resourceFromAttributes({
          'service.name': 'mailroom',
          'service.version': version,
          'service.instance.id': instance,
          'mailroom.role': role,
        }),
      )
      .merge(detectResources({ detectors: [envDetector] })),
    sampler: samplerOf(settings.sampler),
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer('mailroom', version);
  const current = new AsyncLocalStorage<Made>();

  return {
    start(name, { kind = 'internal', parent, since, attributes = {} } = {}) {
      const above = typeof parent === 'object' ? parent.traceparent : parent;
      const remote = parseTraceparent(above);
      const context =
        remote === undefined
          ? ROOT_CONTEXT
          : trace.setSpanContext(ROOT_CONTEXT, { ...remote, isRemote: typeof parent !== 'object' });
      const startTime = since === undefined ? {} : { startTime: Date.now() - (performance.now() - since) };
      return new Made(
        tracer.startSpan(name, { kind: KINDS[kind], attributes: defined(attributes), ...startTime }, context),
      );
    },
    within: (span, work) => (span instanceof Made ? current.run(span, work) : work()),
    ids() {
      const span = current.getStore();
      // A timer may log long after the work that set it has ended.
      if (span === undefined || span.ended) return {};
      const { traceId, spanId } = span.span.spanContext();
      return { trace_id: traceId, span_id: spanId };
    },
    async close() {
      const timer = new AbortController();
      const late = sleep(CLOSE_MS, undefined, { signal: timer.signal }).catch(() => {});
      await Promise.race([provider.shutdown().catch(() => {}), late]);
      timer.abort();
    },
  };
}

class Made implements Span {
  ended = false;
  readonly traceparent: string;
  readonly span: SdkSpan;
  constructor(span: SdkSpan) {
    this.span = span;
    this.traceparent = traceparentOf(span.spanContext());
  }
  end(failed?: string, attributes: Parameters<Span['end']>[1] = {}): void {
    if (this.ended) return;
    this.ended = true;
    this.span.setAttributes(defined(attributes));
    if (failed !== undefined) {
      this.span.setAttribute('error.type', failed);
      this.span.setStatus({ code: SpanStatusCode.ERROR, message: failed });
    }
    this.span.end();
  }
}

const KINDS: Readonly<Record<SpanKind, SdkKind>> = {
  internal: SdkKind.INTERNAL,
  client: SdkKind.CLIENT,
  producer: SdkKind.PRODUCER,
  consumer: SdkKind.CONSUMER,
};

function samplerOf({ root, parentBased }: TracingSettings['sampler']): Sampler {
  const own =
    root === 'on'
      ? new AlwaysOnSampler()
      : root === 'off'
        ? new AlwaysOffSampler()
        : new TraceIdRatioBasedSampler(root);
  return parentBased ? new ParentBasedSampler({ root: own }) : own;
}

/** Reports lost spans, which the SDK does not report without a logger of its own. */
function watched(exporter: SpanExporter, onLost: (count: number, code: string) => void): SpanExporter {
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.error !== undefined) onLost(spans.length, codeOf(result.error));
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}

/** HTTP status or errno. */
const codeOf = (error: Error & { code?: unknown }): string =>
  String(error.code ?? (/time(?:d )?out/i.test(error.message) ? 'timeout' : error.name));
