// Traces as the rooms write them. Off, a room gets no Tracing at all and nothing of OpenTelemetry is loaded; on, tracing-sdk.ts makes it.
// Names and attributes follow https://opentelemetry.io/docs/specs/semconv/messaging/; what semconv does not name begins with `mailroom.`.
// Like log lines, attributes hold names of the configuration, codes, counts and our own ids: no address, no subject, no text of a mail.

export type SpanKind = 'internal' | 'client' | 'producer' | 'consumer';

type Attributes = Readonly<Record<string, string | number | undefined>>;

interface SpanOptions {
  kind?: SpanKind;
  /** A span of ours, or the traceparent of another program's; what is no valid one begins a trace. */
  parent?: Span | string | undefined;
  /** When it began, by performance.now(); default now. */
  since?: number | undefined;
  attributes?: Attributes;
}

export interface Span {
  /** W3C Trace Context, for who continues it. */
  readonly traceparent: string;
  /** @param failed stable code of what went wrong; undefined: nothing did */
  end(failed?: string, attributes?: Attributes): void;
}

export interface Tracing {
  start(name: string, options?: SpanOptions): Span;
  /** What is logged meanwhile carries the ids of the span. */
  within<T>(span: Span, work: () => T): T;
}

/** What the standard variables of OpenTelemetry ask for (config/tracing.ts). */
export interface TracingSettings {
  readonly exporter: 'none' | 'otlp';
  readonly protocol: 'http/json' | 'http/protobuf';
  readonly sampler: {
    /** Whether a span without a parent is recorded; a number: that part of them. */
    readonly root: 'on' | 'off' | number;
    /** A span with a parent does as its parent does. */
    readonly parentBased: boolean;
  };
  readonly batch: {
    readonly delayMs: number | undefined;
    readonly timeoutMs: number | undefined;
    /** Finished spans that wait; further ones are dropped. */
    readonly queueSize: number | undefined;
    readonly batchSize: number | undefined;
  };
  /** What of the variables is not obeyed, and why. */
  readonly problems: readonly string[];
}
