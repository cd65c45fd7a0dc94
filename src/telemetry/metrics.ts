// Gauges, histograms and measured counters (measures.ts), set by the room that has the value.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type CounterName, type GaugeName, type HistogramName, type Measure, measures } from './measures.ts';

export type Metrics = ReturnType<typeof createMetrics>;

/** With a thousand mailboxes a scrape takes 200 ms of CPU: after this many ms it yields to mail. */
const TURN_MS = 5;

/** Gauges of prom-client that are named like counters: `promtool check metrics` refuses them. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/**
 * Interval of the measurement of the event loop's lag, ms, and the lag that an idle process shows. The default of 10 ms wakes the main thread a hundred
 * times a second: 0.36 % of a core, against 0.05 %. A stall that MailroomStalled detects lasts a second.
 */
const LAG_EVERY_MS = 100;

export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_EVERY_MS });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const readers = new Set<() => void>();

  /** Created on first use: a role shows only what it measures. */
  function known<T>(name: keyof typeof measures, make: (options: Options) => T): T {
    const metric = registry.getSingleMetric(name);
    if (metric !== undefined) return metric as T;
    const { help, labels = [] }: Measure = measures[name];
    return make({ name, help, labelNames: [...labels], registers: [registry] });
  }

  function refresh(): void {
    for (const read of readers) read();
  }

  return {
    registry,
    /** Calls the readers of onScrape. */
    refresh,
    gauge: (name: GaugeName): Gauge => known(name, (options) => new Gauge(options)),
    counter: (name: CounterName): Counter => known(name, (options) => new Counter(options)),
    histogram: (name: HistogramName): Histogram =>
      known(name, (options) => new Histogram({ ...options, buckets: [...(measures[name].buckets ?? [])] })),
    /** Calls back before each scrape, for values that are cheaper to read than to maintain. @returns ends it */
    onScrape(read: () => void): () => void {
      readers.add(read);
      return () => void readers.delete(read);
    },
    /** The answer to a scrape. */
    async text(): Promise<string> {
      refresh();
      const parts: string[] = [];
      let since = performance.now();
      for (const { name } of registry.getMetricsAsArray()) {
        parts.push(await registry.getSingleMetricAsString(name));
        if (performance.now() - since < TURN_MS) continue;
        await new Promise((resolve) => setImmediate(resolve));
        since = performance.now();
      }
      return `${parts.join('\n\n')}\n`;
    },
  };
}

interface Options {
  name: string;
  help: string;
  labelNames: string[];
  registers: [Registry];
}
