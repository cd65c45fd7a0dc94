// W3C Trace Context: the one line that names a span of a trace, as jobs carry it from one program to the next.
// https://www.w3.org/TR/trace-context/#traceparent-header

export interface TraceContext {
  /** 32 hexadecimal digits. */
  traceId: string;
  /** 16 hexadecimal digits. */
  spanId: string;
  /** Bit 0: sampled. */
  traceFlags: number;
}

/** Characters of a traceparent that are accepted; those of version 00 have 55. */
export const LONGEST_TRACEPARENT = 512;

/** Undefined if it is not valid: a new trace begins here. A later version may append fields to those of version 00. */
export function parseTraceparent(text: unknown): TraceContext | undefined {
  if (typeof text !== 'string' || text.length > LONGEST_TRACEPARENT) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', rest] =
    /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(text) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) };
}

export const traceparentOf = ({ traceId, spanId, traceFlags }: TraceContext): string =>
  `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, '0')}`;

/** Attributes of a span on a BullMQ queue, in the words of https://opentelemetry.io/docs/specs/semconv/messaging/. */
export const queueAttributes = (queue: string, operation: 'send' | 'process') => ({
  'messaging.system': 'bullmq',
  'messaging.operation.name': operation,
  'messaging.operation.type': operation,
  'messaging.destination.name': queue,
});
