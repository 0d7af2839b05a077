import { type HostContext, Namespace } from '../hostcall/function.ts';
import type { GuestMetrics } from '../hostcall/guest-metrics.ts';

/** `lunatic::metrics` (abi 15.1): counters, gauges and histograms of a guest's own. */
export const metrics = new Namespace('lunatic::metrics');

/** Makes a function of a name and a value. If metrics are not exported, it only reads the name. */
function recording(record: (guest: GuestMetrics, name: string, value: number) => void) {
  return ({ scheduler, guestMetrics }: HostContext) =>
    (pointer: number, length: number, value: number) => {
      const name = scheduler.current.memory.string(pointer, length);
      if (guestMetrics !== null) record(guestMetrics, name, value);
    };
}

metrics.define(
  'counter',
  '(name_str_ptr: i32, name_str_len: i32, value: i64)',
  { since: '0.13', split: true },
  'Adds to a counter.',
  ({ scheduler, guestMetrics }) =>
    (pointer: number, length: number, low: number, high: number) => {
      const name = scheduler.current.memory.string(pointer, length);
      guestMetrics?.addToCounter(name, (high >>> 0) * 2 ** 32 + (low >>> 0));
    },
);
metrics.define(
  'increment_counter',
  '(name_str_ptr: i32, name_str_len: i32)',
  { since: '0.13' },
  'Adds 1 to a counter.',
  recording((guest, name) => guest.addToCounter(name, 1)),
);
metrics.define(
  'gauge',
  '(name_str_ptr: i32, name_str_len: i32, value: f64)',
  { since: '0.13' },
  'Sets a gauge.',
  recording((guest, name, value) => guest.setGauge(name, value)),
);
metrics.define(
  'increment_gauge',
  '(name_str_ptr: i32, name_str_len: i32, value: f64)',
  { since: '0.13' },
  'Adds to a gauge.',
  recording((guest, name, value) => guest.addToGauge(name, value)),
);
metrics.define(
  'decrement_gauge',
  '(name_str_ptr: i32, name_str_len: i32, value: f64)',
  { since: '0.13' },
  'Subtracts from a gauge.',
  recording((guest, name, value) => guest.addToGauge(name, -value)),
);
metrics.define(
  'histogram',
  '(name_str_ptr: i32, name_str_len: i32, value: f64)',
  { since: '0.13' },
  'Records an observation.',
  recording((guest, name, value) => guest.observe(name, value)),
);
