// The standard variables of OpenTelemetry: what turns traces on, and that none of them, however wrong, is an error.
import { expect, it } from 'vitest';
import { tracingFrom } from '../../../src/config/tracing.ts';

const URL_OF_COLLECTOR = 'http://collector:4318';

it.each([
  [{}, 'none'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, 'none'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: URL_OF_COLLECTOR }, 'otlp'],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${URL_OF_COLLECTOR}/v1/traces` }, 'otlp'],
  [{ OTEL_TRACES_EXPORTER: 'otlp' }, 'otlp'],
  [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: URL_OF_COLLECTOR }, 'none'],
  [{ OTEL_SDK_DISABLED: 'TRUE', OTEL_EXPORTER_OTLP_ENDPOINT: URL_OF_COLLECTOR }, 'none'],
  [{ OTEL_SDK_DISABLED: 'false', OTEL_EXPORTER_OTLP_ENDPOINT: URL_OF_COLLECTOR }, 'otlp'],
  // Of metrics alone: no traces are meant.
  [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: URL_OF_COLLECTOR }, 'none'],
])('%j: exporter %s', (env, exporter) => expect(tracingFrom(env)).toMatchObject({ exporter, problems: [] }));

it.each([
  [{ OTEL_TRACES_EXPORTER: 'zipkin' }, 'none', 'OTEL_TRACES_EXPORTER must be otlp or none, got zipkin'],
  [{ OTEL_TRACES_EXPORTER: 'otlp,console' }, 'otlp', 'OTEL_TRACES_EXPORTER must be otlp or none, got console'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' }, 'none', 'OTEL_EXPORTER_OTLP_ENDPOINT must be a URL'],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: URL_OF_COLLECTOR, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    'none',
    'OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf or http/json, got grpc',
  ],
  [
    { OTEL_TRACES_EXPORTER: 'otlp', OTEL_BSP_MAX_QUEUE_SIZE: '-1' },
    'otlp',
    'OTEL_BSP_MAX_QUEUE_SIZE must be a positive number',
  ],
  [
    { OTEL_TRACES_EXPORTER: 'otlp', OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '50%' },
    'otlp',
    'OTEL_TRACES_SAMPLER_ARG must be between 0 and 1',
  ],
])('%j: exporter %s and a problem', (env, exporter, problem) =>
  expect(tracingFrom(env)).toMatchObject({ exporter, problems: [problem] }),
);

it.each([
  [{}, { root: 'on', parentBased: true }],
  [{ OTEL_TRACES_SAMPLER: 'always_off' }, { root: 'off', parentBased: false }],
  [
    { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' },
    { root: 0.25, parentBased: true },
  ],
  [{ OTEL_TRACES_SAMPLER: 'traceidratio' }, { root: 1, parentBased: false }],
  [{ OTEL_TRACES_SAMPLER: 'toString' }, { root: 'on', parentBased: true }],
])('%j: sampler', (env, sampler) => expect(tracingFrom(env).sampler).toEqual(sampler));
