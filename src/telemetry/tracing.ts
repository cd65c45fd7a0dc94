// Tracing as the rooms use it. While traces are off, rooms get no Tracing and OpenTelemetry is not loaded; otherwise tracing-sdk.ts provides it.
// Names and attributes follow https://opentelemetry.io/docs/specs/semconv/messaging/; what semconv does not name begins with `mailroom.`.
// Like log lines, attributes hold names of the configuration, codes, counts and our own ids: no address, no subject, no text of a mail.

export type SpanKind = 'internal' | 'client' | 'producer' | 'consumer';

type Attributes = Readonly<Record<string, string | number | undefined>>;

interface SpanOptions {
  kind?: SpanKind;
  /** Our span, or the traceparent of another program's; an invalid one begins a new trace. */
  parent?: Span | string | undefined;
  /** When it began, by performance.now(); default now. */
  since?: number | undefined;
  attributes?: Attributes;
}

export interface Span {
  /** W3C Trace Context, for the program that continues the trace. */
  readonly traceparent: string;
  /** @param failed stable code of the failure; undefined: none */
  end(failed?: string, attributes?: Attributes): void;
}

export interface Tracing {
  start(name: string, options?: SpanOptions): Span;
  /** Log lines of the work have the ids of the span. */
  within<T>(span: Span, work: () => T): T;
}

/** The standard variables of OpenTelemetry (config/tracing.ts). */
export interface TracingSettings {
  readonly exporter: 'none' | 'otlp';
  readonly protocol: 'http/json' | 'http/protobuf';
  readonly sampler: {
    /** Whether a span without a parent is recorded; a number: this fraction of them. */
    readonly root: 'on' | 'off' | number;
    /** A span with a parent is recorded if its parent is. */
    readonly parentBased: boolean;
  };
  readonly batch: {
    readonly delayMs: number | undefined;
    readonly timeoutMs: number | undefined;
    /** Finished spans that may wait; further ones are dropped. */
    readonly queueSize: number | undefined;
    readonly batchSize: number | undefined;
  };
  /** Variables that are not obeyed, and why. */
  readonly problems: readonly string[];
}
