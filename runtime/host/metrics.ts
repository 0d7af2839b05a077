import { Namespace, unsupported } from './function.ts';

/** `lunatic::metrics` (semantics 15.1): counters, gauges and histograms of a guest's own. */
export const metrics = new Namespace('lunatic::metrics');

metrics.define(
  'counter',
  '(name_str_ptr: i32, name_str_len: i32, value: i64)',
  { since: '0.13' },
  'Adds to a counter.',
  unsupported('lunatic::metrics::counter'),
);
metrics.define(
  'increment_counter',
  '(name_str_ptr: i32, name_str_len: i32)',
  { since: '0.13' },
  'Adds 1 to a counter.',
  unsupported('lunatic::metrics::increment_counter'),
);
metrics.define(
  'gauge',
  '(name_str_ptr: i32, name_str_len: i32, value: f64)',
  { since: '0.13' },
  'Sets a gauge.',
  unsupported('lunatic::metrics::gauge'),
);
metrics.define(
  'increment_gauge',
  '(name_str_ptr: i32, name_str_len: i32, value: f64)',
  { since: '0.13' },
  'Adds to a gauge.',
  unsupported('lunatic::metrics::increment_gauge'),
);
metrics.define(
  'decrement_gauge',
  '(name_str_ptr: i32, name_str_len: i32, value: f64)',
  { since: '0.13' },
  'Subtracts from a gauge.',
  unsupported('lunatic::metrics::decrement_gauge'),
);
metrics.define(
  'histogram',
  '(name_str_ptr: i32, name_str_len: i32, value: f64)',
  { since: '0.13' },
  'Records an observation.',
  unsupported('lunatic::metrics::histogram'),
);
