// The standard variables of OpenTelemetry that the SDK leaves to its host: whether there are traces, sampler, batches. Endpoint, headers, certificates,
// time-out and compression (OTEL_EXPORTER_OTLP_…) are read by the exporter, OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES by the resource detector.
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
import type { TracingSettings } from '../telemetry/tracing.ts';

type Env = Readonly<Record<string, string | undefined>>;

const SAMPLERS: Readonly<Record<string, { root: 'on' | 'off' | 'ratio'; parentBased: boolean }>> = {
  always_on: { root: 'on', parentBased: false },
  always_off: { root: 'off', parentBased: false },
  traceidratio: { root: 'ratio', parentBased: false },
  parentbased_always_on: { root: 'on', parentBased: true },
  parentbased_always_off: { root: 'off', parentBased: true },
  parentbased_traceidratio: { root: 'ratio', parentBased: true },
};

/** Never an error: a wrong telemetry variable stops no mail. It is named in `problems`. */
export function tracingFrom(env: Env): TracingSettings {
  const problems: string[] = [];
  // Empty counts as not set: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#parsing-empty-value
  const read = (name: string) => env[name]?.trim() || undefined;
  const count = (name: string): number | undefined => {
    const text = read(name);
    if (text === undefined || /^[1-9]\d{0,8}$/.test(text)) return text === undefined ? undefined : Number(text);
    problems.push(`${name} must be a positive number`);
    return undefined;
  };
  const protocol = protocolOf(read, problems);
  return {
    exporter: protocol === undefined ? 'none' : exporterOf(read, problems),
    protocol: protocol ?? 'http/protobuf',
    sampler: samplerOf(read, problems),
    batch: {
      delayMs: count('OTEL_BSP_SCHEDULE_DELAY'),
      timeoutMs: count('OTEL_BSP_EXPORT_TIMEOUT'),
      queueSize: count('OTEL_BSP_MAX_QUEUE_SIZE'),
      batchSize: count('OTEL_BSP_MAX_EXPORT_BATCH_SIZE'),
    },
    problems,
  };
}

type Read = (name: string) => string | undefined;

function exporterOf(read: Read, problems: string[]): TracingSettings['exporter'] {
  if (read('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return 'none';
  const endpoint = read('OTEL_EXPORTER_OTLP_ENDPOINT') ?? read('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  const asked = read('OTEL_TRACES_EXPORTER');
  const names = asked?.split(',').map((name) => name.trim()) ?? (endpoint === undefined ? ['none'] : ['otlp']);
  for (const name of names)
    if (name !== 'otlp' && name !== 'none') problems.push(`OTEL_TRACES_EXPORTER must be otlp or none, got ${name}`);
  if (!names.includes('otlp')) return 'none';
  if (endpoint === undefined || URL.canParse(endpoint)) return 'otlp';
  problems.push('OTEL_EXPORTER_OTLP_ENDPOINT must be a URL');
  return 'none';
}

/** Undefined: not supported here. */
function protocolOf(read: Read, problems: string[]): TracingSettings['protocol'] | undefined {
  const asked = read('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? read('OTEL_EXPORTER_OTLP_PROTOCOL') ?? 'http/protobuf';
  if (asked === 'http/json' || asked === 'http/protobuf') return asked;
  problems.push(`OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf or http/json, got ${asked}`);
  return undefined;
}

function samplerOf(read: Read, problems: string[]): TracingSettings['sampler'] {
  const name = read('OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on';
  const known = Object.hasOwn(SAMPLERS, name) ? SAMPLERS[name] : undefined;
  if (known === undefined) problems.push(`OTEL_TRACES_SAMPLER must be one of ${Object.keys(SAMPLERS).join(', ')}`);
  const { root, parentBased } = known ?? { root: 'on', parentBased: true };
  if (root !== 'ratio') return { root, parentBased };
  const text = read('OTEL_TRACES_SAMPLER_ARG') ?? '1';
  const ratio = Number(text);
  if (ratio >= 0 && ratio <= 1) return { root: ratio, parentBased };
  problems.push('OTEL_TRACES_SAMPLER_ARG must be between 0 and 1');
  return { root: 1, parentBased };
}
