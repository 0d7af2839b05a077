import type { GuestMetrics } from '../hostcall/guest-metrics.ts';
import { ByteReader } from '../kernel/codec/byte-reader.ts';
import { FIRST_SCHEDULER } from '../kernel/ids.ts';
import { metricName } from '../metrics/metric-name.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { bytesOf } from './requests.ts';
import type { SchedulerSystem } from './system.ts';

/** Kinds of requests: what guests have recorded, and the metrics of the runtime as text. */
const RECORD = 'record metrics';
const TEXT = 'text of metrics';
/** Milliseconds after which what guests have recorded is told, and so many values that are told at once. */
const INTERVAL = 20;
const MOST = 1000;
/** How often so many are told before the first scheduler has taken any; more are dropped. */
const MOST_UNTAKEN = 64;
/** Milliseconds in which another scheduler has to tell its metrics. */
const TEXT_TIME = 2000;

const DONE = new Uint8Array(0);

/** Methods of `GuestMetrics`. */
const METHODS = ['addToCounter', 'setGauge', 'addToGauge', 'observe'] as const;
type Recorded = readonly [method: number, name: string, value: number];

/** What guests record on a scheduler that is not the first one, which has their metrics. */
export class FarGuestMetrics implements GuestMetrics {
  #system: SchedulerSystem | null = null;
  #recorded: Recorded[] = [];
  #timer: NodeJS.Timeout | null = null;
  #untaken = 0;
  #dropped = 0;

  /** @param metrics those of the runtime */
  connect(system: SchedulerSystem, metrics: Metrics): void {
    this.#system = system;
    system.requests.answer(TEXT, async () => {
      this.#flush();
      const text = await metrics.registry.metrics();
      return bytesOf((writer) => writer.text(text));
    });
  }

  addToCounter(name: string, value: number): void {
    this.#record([0, name, value]);
  }

  setGauge(name: string, value: number): void {
    this.#record([1, name, value]);
  }

  addToGauge(name: string, value: number): void {
    this.#record([2, name, value]);
  }

  observe(name: string, value: number): void {
    this.#record([3, name, value]);
  }

  #record(recorded: Recorded): void {
    // The first scheduler would drop those of such a name.
    if (this.#untaken >= MOST_UNTAKEN || metricName(recorded[1]) === undefined) this.#dropped++;
    else if (this.#recorded.push(recorded) >= MOST) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), INTERVAL);
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const recorded = this.#recorded;
    this.#recorded = [];
    const dropped = this.#dropped;
    this.#dropped = 0;
    if (recorded.length + dropped === 0 || this.#system === null) return;
    const body = bytesOf((writer) => {
      writer.varint(dropped);
      writer.varint(recorded.length);
      for (const [method, name, value] of recorded) {
        writer.u8(method);
        writer.text(name);
        writer.text(String(value));
      }
    });
    const taken = () => {
      this.#untaken--;
    };
    this.#untaken++;
    this.#system.requests.request(FIRST_SCHEDULER, RECORD, body).then(taken, taken);
  }
}

/** Lets the metrics of the first scheduler cover all: guests have theirs in common, those of the runtime have a label for each. */
export function collectMetrics({ requests }: SchedulerSystem, metrics: Metrics): void {
  requests.answer(RECORD, (_, body) => {
    const reader = new ByteReader(body, 'what guests have recorded');
    metrics.dropped(reader.varint());
    for (let left = reader.varint(); left > 0; left--) {
      const method = METHODS[reader.u8()];
      const name = reader.text();
      const value = Number(reader.text());
      if (method !== undefined) metrics.guest[method](name, value);
    }
    return DONE;
  });
  metrics.others = async () => {
    const told = await requests.requestAll(TEXT, DONE, TEXT_TIME);
    return [...told.values()].map((body) => new ByteReader(body, 'metrics').text());
  };
}
