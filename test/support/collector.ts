// A small OTLP/HTTP receiver (JSON) on the loopback interface: what a collector would be told. It can fall silent.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span, its attributes as a plain object. */
export interface CollectedSpan {
  service: string;
  name: string;
  /** SpanKind of OTLP: 1 internal, 3 client, 4 producer, 5 consumer. */
  kind: number;
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  attributes: Record<string, unknown>;
  error: string | undefined;
}

interface OtlpAttribute {
  key: string;
  value: Record<string, unknown>;
}
interface OtlpRequest {
  resourceSpans: {
    resource: { attributes: OtlpAttribute[] };
    scopeSpans: { spans: OtlpSpan[] }[];
  }[];
}
interface OtlpSpan extends Pick<CollectedSpan, 'name' | 'kind' | 'traceId' | 'spanId'> {
  parentSpanId?: string;
  attributes: OtlpAttribute[];
  status: { code?: number; message?: string };
}

const plain = (attributes: readonly OtlpAttribute[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

interface Collector {
  url: string;
  spans: CollectedSpan[];
  /** All that was received, as it came. */
  text(): string;
  /** Takes requests, and answers none from now on. */
  mute(): void;
  stop(): Promise<void>;
}

export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  let [text, muted] = ['', false];
  const server = createServer((request, response) => {
    if (muted) return;
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      text += body;
      spans.push(...spansIn(JSON.parse(body) as OtlpRequest));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    text: () => text,
    mute: () => {
      muted = true;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const spansIn = ({ resourceSpans }: OtlpRequest): CollectedSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(plain(resource.attributes)['service.name']);
    return scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, kind, traceId, spanId, parentSpanId, attributes, status }) => ({
        ...{ service, name, kind, traceId, spanId, parentSpanId: parentSpanId || undefined },
        attributes: plain(attributes),
        error: status.code === 2 ? (status.message ?? '') : undefined,
      })),
    );
  });
