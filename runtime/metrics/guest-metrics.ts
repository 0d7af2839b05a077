import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { GuestMetrics } from '../hostcall/guest-metrics.ts';
import { metricName } from './metric-name.ts';

/** Metrics that all guests together may have: Prometheus keeps each of them. */
const MAX_METRICS = 1000;

/** Names as guests give them whose metric is remembered. Several may be for one metric. */
const MAX_SPELLINGS = 4 * MAX_METRICS;

/** Upper bounds of a histogram's buckets. They cover a wide range, since guests do not say what they observe. */
const BUCKETS = Array.from({ length: 13 }, (_, i) => 10 ** (i - 6)).flatMap((bound) => [
  bound,
  2.5 * bound,
  5 * bound,
]);

type Metric = Counter | Gauge | Histogram;

/**
 * Counters, gauges and histograms of guests. Values that cannot be exported are dropped and counted: those of metrics
 * beyond the limit, of names that are too long, of a name that a metric of another kind or of the runtime has, and
 * observations that are not finite.
 */
export class ExportedGuestMetrics implements GuestMetrics {
  readonly #registry: Registry;
  readonly #dropped: Counter;
  readonly #metrics = new Map<string, Metric>();
  /** Metrics by the names as guests give them; null for one that is dropped. */
  readonly #spellings = new Map<string, Metric | null>();

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#dropped = new Counter({
      name: 'lunatic_metrics_dropped',
      help: 'Values that guests recorded and that are not exported',
      registers: [registry],
    });
  }

  /** Counts values that others have dropped. */
  drop(count: number): void {
    this.#dropped.inc(count);
  }

  addToCounter(name: string, value: number): void {
    const metric = this.#find(name, (options) => new Counter(options));
    if (metric instanceof Counter) metric.inc(value);
    else this.#dropped.inc();
  }

  setGauge(name: string, value: number): void {
    this.#gauge(name)?.set(value);
  }

  addToGauge(name: string, value: number): void {
    this.#gauge(name)?.inc(value);
  }

  #gauge(name: string): Gauge | null {
    const metric = this.#find(name, (options) => new Gauge(options));
    if (metric instanceof Gauge) return metric;
    this.#dropped.inc();
    return null;
  }

  observe(name: string, value: number): void {
    const metric = Number.isFinite(value)
      ? this.#find(name, (options) => new Histogram({ ...options, buckets: BUCKETS }))
      : null;
    if (metric instanceof Histogram) metric.observe(value);
    else this.#dropped.inc();
  }

  #find(
    name: string,
    make: (options: { name: string; help: string; registers: Registry[] }) => Metric,
  ): Metric | null {
    const known = this.#spellings.get(name);
    if (known !== undefined) return known;
    const exported = metricName(name);
    if (exported === undefined) return null;
    let metric = this.#metrics.get(exported) ?? null;
    if (metric === null && this.#metrics.size < MAX_METRICS && !this.#isTaken(exported)) {
      metric = make({ name: exported, help: 'Of a guest', registers: [this.#registry] });
      this.#metrics.set(exported, metric);
    }
    if (this.#spellings.size < MAX_SPELLINGS) this.#spellings.set(name, metric);
    return metric;
  }

  /** Returns whether a name is the runtime's own, or that of a part of a histogram. */
  #isTaken(name: string): boolean {
    if (this.#registry.getSingleMetric(name) !== undefined) return true;
    const whole = /^(.+)_(?:bucket|count|sum)$/.exec(name)?.[1];
    if (whole !== undefined && this.#registry.getSingleMetric(whole) instanceof Histogram) return true;
    return ['bucket', 'count', 'sum'].some(
      (part) => this.#registry.getSingleMetric(`${name}_${part}`) !== undefined,
    );
  }
}
