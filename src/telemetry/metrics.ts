// Metrics that are not the counter of an event: gauges and histograms, set by the room that knows the value. Prometheus names and units.
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  registry: Registry;
  /** Gauge by name; created on first use with the given labels. */
  gauge(name: string, help: string, labels?: readonly string[]): Gauge;
  histogram(name: string, help: string, labels?: readonly string[], buckets?: readonly number[]): Histogram;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    gauge(name, help, labels = []) {
      const known = registry.getSingleMetric(name);
      return known ? (known as Gauge) : new Gauge({ name, help, labelNames: [...labels], registers: [registry] });
    },
    histogram(name, help, labels = [], buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]) {
      const known = registry.getSingleMetric(name);
      return known
        ? (known as Histogram)
        : new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers: [registry] });
    },
  };
}
