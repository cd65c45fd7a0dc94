// Traces by the SDK of OpenTelemetry, loaded only where they are asked for. Nothing is registered globally: what a library of ours might add to
// a trace is not ours to answer for.
//
// A collector that is slow or away slows nothing: finished spans wait in a bounded queue (2,048 unless OTEL_BSP_MAX_QUEUE_SIZE says otherwise),
// further ones are dropped, one export runs at a time, and closing waits CLOSE_MS at most.
import { AsyncLocalStorage } from 'node:async_hooks';
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
import type { Span, SpanKind, Tracing, TracingSettings } from './tracing.ts';

/** Milliseconds that the last spans may take to leave. */
const CLOSE_MS = 2_000;

interface OpenTracing extends Tracing {
  /** Ids of the span at work, for its log lines; empty when there is none. */
  ids(): { trace_id?: string; span_id?: string };
  close(): Promise<void>;
}

interface Process {
  version: string;
  role: string;
  instance: string;
}

/**
 * @param onLost spans that no collector has taken, and why
 * @throws what the exporter cannot be made with
 */
export function openTracing(
  settings: TracingSettings,
  { version, role, instance }: Process,
  onLost: (count: number, code: string) => void,
): OpenTracing {
  const { batch } = settings;
  const given = <K extends string>(key: K, value: number | undefined) =>
    value === undefined ? {} : ({ [key]: value } as Record<K, number>);
  const processor = new BatchSpanProcessor({
    exporter: watched(settings.protocol === 'http/json' ? new JsonExporter() : new ProtobufExporter(), onLost),
    ...given('scheduledDelayMillis', batch.delayMs),
    ...given('exportTimeoutMillis', batch.timeoutMs),
    ...given('maxQueueSize', batch.queueSize),
    ...given('maxExportBatchSize', batch.batchSize),
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
        tracer.startSpan(name, { kind: KINDS[kind], attributes: known(attributes), ...startTime }, context),
      );
    },
    within: (span, work) => (span instanceof Made ? current.run(span, work) : work()),
    ids() {
      const span = current.getStore();
      // What a timer logs long after the work that set it is no part of that work.
      if (span === undefined || span.ended) return {};
      const { traceId, spanId } = span.span.spanContext();
      return { trace_id: traceId, span_id: spanId };
    },
    async close() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, CLOSE_MS);
      });
      await Promise.race([provider.shutdown().catch(() => {}), late]);
      clearTimeout(timer);
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
    this.span.setAttributes(known(attributes));
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

const known = (attributes: Readonly<Record<string, string | number | undefined>>): Record<string, string | number> =>
  Object.fromEntries(
    Object.entries(attributes).filter((entry): entry is [string, string | number] => entry[1] !== undefined),
  );

function samplerOf({ root, parentBased }: TracingSettings['sampler']): Sampler {
  const own =
    root === 'on'
      ? new AlwaysOnSampler()
      : root === 'off'
        ? new AlwaysOffSampler()
        : new TraceIdRatioBasedSampler(root);
  return parentBased ? new ParentBasedSampler({ root: own }) : own;
}

/** Tells of spans that are lost: the SDK says nothing where nobody set it a logger. */
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
