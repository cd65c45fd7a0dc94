// Metrics that are not the counter of an event: gauges, histograms and measured counters, set by the room that knows the value (measures.ts).
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type CounterName, type GaugeName, type HistogramName, type Measure, measures } from './measures.ts';

export interface Metrics {
  registry: Registry;
  gauge(name: GaugeName): Gauge;
  counter(name: CounterName): Counter;
  histogram(name: HistogramName): Histogram;
  /** Called before each scrape, for what is cheaper to read than to keep. @returns what ends it */
  onScrape(read: () => void): () => void;
  /** Reads what is read before each scrape. */
  refresh(): void;
  /** What a scrape answers. */
  text(): Promise<string>;
}

/** With a thousand mailboxes a scrape takes 200 ms of the processor: after this many, in ms, mail gets its turn. */
const TURN_MS = 5;

/** Gauges of prom-client named like counters: `promtool check metrics` refuses them, and nobody misses them. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/**
 * How often the lag of the event loop is measured, ms; it is also what an idle process shows as its lag. The default of 10 ms wakes the main thread a
 * hundred times a second: 0.36 % of a core, against 0.05 %. What MailroomStalled looks for lasts a second.
 */
const LAG_EVERY_MS = 100;

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_EVERY_MS });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const readers = new Set<() => void>();

  /** Made on first use: a role shows what it measures. */
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
    refresh,
    gauge: (name) => known(name, (options) => new Gauge(options)),
    counter: (name) => known(name, (options) => new Counter(options)),
    histogram: (name) =>
      known(name, (options) => new Histogram({ ...options, buckets: [...(measures[name].buckets ?? [])] })),
    onScrape(read) {
      readers.add(read);
      return () => void readers.delete(read);
    },
    async text() {
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
