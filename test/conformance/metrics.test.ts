import { describe, expect, test } from 'vitest';
import { ProcessConfig, Runtime } from '../../runtime/internal.ts';
import { Metrics } from '../../runtime/metrics/metrics.ts';
import { assembleText } from '../../runtime/wat/index.ts';
import { guest, main } from '../support/guest.ts';
import { assemble, Capture, Feed, linesOf, trapOf } from '../support/program.ts';
import { parseScrape } from '../support/prometheus.ts';

/** Runs a program with metrics to its end, and scrapes. */
async function scrape(source: string): Promise<ReturnType<typeof parseScrape>> {
  const metrics = new Metrics();
  const runtime = new Runtime({ metrics });
  const stdio = { input: new Feed(), output: new Capture(), error: new Capture() };
  const module = runtime.load(await assembleText(source, 'test.wat'));
  const { ended } = await runtime.run(module, { config: ProcessConfig.forRoot(), stdio });
  const exit = await ended;
  if (exit.kind !== 'returned') throw new Error(`the guest failed: ${JSON.stringify(exit)}`);
  return parseScrape(await metrics.registry.metrics());
}

const f64 = (value: number | string) => `(f64.const ${value})`;
const call = (name: string, text: string, value = '') => `(call $metrics.${name} (text "${text}") ${value})`;

describe('metrics of guests', () => {
  test('are counters, gauges and histograms, shared by all processes', async () => {
    const source = guest(`
      (func (export "child") ${call('counter', 'orders', '(i64.const 5)')} ${call('gauge', 'temperature', f64(-3.5))})
      (func (export "_start")
        ${call('increment_counter', 'orders')} ${call('counter', 'orders', '(i64.const 10)')}
        ${call('increment_counter', 'visits')}
        ${call('gauge', 'open', f64(5))} ${call('increment_gauge', 'open', f64(2.5))} ${call('decrement_gauge', 'open', f64(1))}
        ${call('increment_gauge', 'fresh', f64(2))} ${call('decrement_gauge', 'low', f64(2))}
        ${call('histogram', 'seconds', f64(0.3))} ${call('histogram', 'seconds', f64(7))}
        (call $run (text "child")))`);
    const { values, kinds } = await scrape(source);
    expect(Object.fromEntries(kinds)).toMatchObject({
      orders: 'counter',
      open: 'gauge',
      seconds: 'histogram',
    });
    expect(Object.fromEntries(values)).toMatchObject({
      orders: 16,
      visits: 1,
      open: 6.5,
      fresh: 2,
      low: -2,
      temperature: -3.5,
      seconds_count: 2,
      seconds_sum: 7.3,
      'seconds_bucket{le="0.25"}': 0,
      'seconds_bucket{le="0.5"}': 1,
      'seconds_bucket{le="10"}': 2,
      'seconds_bucket{le="+Inf"}': 2,
      lunatic_metrics_dropped: 0,
    });
  });

  test('have names that Prometheus can read', async () => {
    const names = ['my.app/päge views', '1st', 'a:b_c', 'with\\22quotes{x=1}\\n'];
    const { values } = await scrape(main(names.map((name) => call('increment_counter', name)).join('\n')));
    for (const name of ['my_app_p_ge_views', '_1st', 'a:b_c', 'with_quotes_x_1__']) {
      expect(values.get(name), name).toBe(1);
    }
  });

  test('of names that become the same are the same', async () => {
    const { values } = await scrape(
      main(call('increment_counter', 'a.b') + call('increment_counter', 'a_b')),
    );
    expect(values.get('a_b')).toBe(2);
  });

  test('of numbers beyond any come out as they are, but for what would spoil a histogram', async () => {
    const { values } = await scrape(
      main(`${call('gauge', 'nan', f64('nan'))} ${call('gauge', 'inf', f64('inf'))} ${call('gauge', 'minus', f64('-inf'))}
        ${call('counter', 'large', '(i64.const -1)')} ${call('counter', 'none', '(i64.const 0)')}
        ${call('histogram', 'h', f64('nan'))} ${call('histogram', 'h', f64('inf'))} ${call('histogram', 'h', f64(-1))}`),
    );
    expect(Object.fromEntries(values)).toMatchObject({
      nan: Number.NaN,
      inf: Number.POSITIVE_INFINITY,
      minus: Number.NEGATIVE_INFINITY,
      large: 2 ** 64,
      none: 0,
      h_count: 1,
      h_sum: -1,
      lunatic_metrics_dropped: 2,
    });
  });

  test.each([
    ['another kind', call('gauge', 'x', f64(1)), call('increment_counter', 'x'), 'x', 1],
    [
      "the runtime's own",
      '',
      call('counter', 'lunatic.timers.started', '(i64.const 9)'),
      'lunatic_timers_started',
      0,
    ],
    [
      'a part of a histogram',
      call('histogram', 'h', f64(1)),
      call('counter', 'h_count', '(i64.const 9)'),
      'h_count',
      1,
    ],
    [
      'a histogram with such a part',
      call('gauge', 'g_sum', f64(3)),
      call('histogram', 'g', f64(9)),
      'g_sum',
      3,
    ],
    ['nothing', '', call('increment_counter', ''), 'lunatic_metrics_dropped', 1],
    ['too many characters', '', call('increment_counter', 'x'.repeat(201)), 'lunatic_metrics_dropped', 1],
  ])('are dropped, and counted, where the name is that of %s', async (_, first, second, name, value) => {
    const { values } = await scrape(main(first + second));
    expect([values.get(name), values.get('lunatic_metrics_dropped')]).toEqual([value, 1]);
  });

  test('are a thousand at most', async () => {
    // Names of four digits at address 0, in base 10.
    const body = `(local $n i32)
      (loop $next
        (i32.store8 (i32.const 0) (i32.add (i32.const 97) (i32.div_u (local.get $n) (i32.const 1000))))
        (i32.store8 (i32.const 1) (i32.add (i32.const 97) (i32.rem_u (i32.div_u (local.get $n) (i32.const 100)) (i32.const 10))))
        (i32.store8 (i32.const 2) (i32.add (i32.const 97) (i32.rem_u (i32.div_u (local.get $n) (i32.const 10)) (i32.const 10))))
        (i32.store8 (i32.const 3) (i32.add (i32.const 97) (i32.rem_u (local.get $n) (i32.const 10))))
        (call $metrics.increment_counter (i32.const 0) (i32.const 4))
        (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 9000))))
      ${call('counter', 'aaaa', '(i64.const 5)')}`;
    const { values } = await scrape(main(body));
    expect([...values.keys()].filter((name) => /^[a-j]{4}$/.test(name))).toHaveLength(1000);
    expect([values.get('aaaa'), values.get('ajjj'), values.get('baaa')]).toEqual([6, 1, undefined]);
    expect(values.get('lunatic_metrics_dropped')).toBe(8000);
  });
});

describe.each([
  ['counter', '(i64.const 1)'],
  ['increment_counter', ''],
  ['gauge', f64(1)],
  ['increment_gauge', f64(1)],
  ['decrement_gauge', f64(1)],
  ['histogram', f64(1)],
])('without an exporter, %s', (name, value) => {
  test('does nothing', async () => {
    expect(await linesOf(main(`${call(name, 'x', value)} (call $print (text "on"))`))).toEqual(['on']);
  });

  test('traps for a name that is not UTF-8, or outside of memory', async () => {
    expect(await trapOf(main(call(name, '\\ff', value)))).toMatch(/not UTF-8/);
    const outside = `(call $metrics.${name} (i32.const -1) (i32.const 2) ${value})`;
    expect(await trapOf(main(outside))).toMatch(/out of bounds/);
  });
});

describe("the runtime's own metrics", () => {
  const vm = async (source: string) => Object.fromEntries((await scrape(source)).values);

  test('of a program that does nothing are all there', async () => {
    const { kinds, values } = await scrape(main(''));
    const names =
      `process_signals_send process_signals_received process_messages_send process_messages_outstanding
      process_links_alive process_messages_data_count process_messages_data_resources_count process_messages_data_size
      process_messages_link_died_count process_environment_process_count process_environment_count
      process_modules_compiled process_modules_active process_modules_dropped process_modules_compiled_duration
      process_configs_created process_configs_dropped process_configs_active timers_started timers_completed
      timers_canceled timers_active registry_write registry_read registry_deletion registry_registered`.split(
        /\s+/,
      );
    expect([...kinds.keys()].sort()).toEqual(
      [...names, 'metrics_dropped'].map((name) => `lunatic_${name}`).sort(),
    );
    expect(values.get('lunatic_process_environment_count')).toBe(1);
    expect(values.get('lunatic_process_signals_send{process_kind="wasm"}')).toBe(0);
  });

  test('count messages with their sizes, and signals', async () => {
    const source = guest(`
      (func (export "echo") (call $send (i64.const 1) (i64.const 0) (call $receive_value)))
      (func (export "_start")
        (drop (call $spawn (i64.const 0) (text "echo")))
        (call $send (i64.const 2) (i64.const 0) (i64.const 1))
        (drop (call $receive_value))
        (call $send (i64.const 1) (i64.const 0) (i64.const 1))
        (call $send (i64.const 1) (i64.const 0) (i64.const 1))
        (call $process.sleep_ms (i64.const 1))
        (call $message.create_data (i64.const 1) (i64.const 0))
        (drop (call $message.send (i64.const 99))))`);
    expect(await vm(source)).toMatchObject({
      lunatic_process_messages_send: 4,
      lunatic_process_messages_data_count: 4,
      lunatic_process_messages_data_size_sum: 32,
      'lunatic_process_messages_data_size_bucket{le="4"}': 0,
      'lunatic_process_messages_data_size_bucket{le="16"}': 4,
      lunatic_process_messages_data_resources_count_sum: 0,
      lunatic_process_messages_outstanding: 2,
      'lunatic_process_signals_send{process_kind="wasm"}': 4,
      lunatic_process_signals_received: 4,
      lunatic_process_environment_process_count: 0,
    });
  });

  test('count links and deaths', async () => {
    const source = guest(`
      (func (export "fails") unreachable)
      (func (export "_start")
        (call $process.die_when_link_dies (i32.const 0))
        (call $process.monitor (call $spawn (i64.const 5) (text "fails")))
        (drop (call $receive))
        (drop (call $message.send (i64.const 1)))
        (call $process.sleep_ms (i64.const 1))
        (call $process.link (i64.const 0) (i64.const 1))
        (call $process.sleep_ms (i64.const 1)))`);
    // die_when_link_dies, link on both sides, monitor; the death told by link and by monitor; the message; link, twice.
    expect(await vm(source)).toMatchObject({
      lunatic_process_messages_send: 2,
      lunatic_process_messages_data_count: 0,
      lunatic_process_messages_link_died_count: 1,
      'lunatic_process_signals_send{process_kind="wasm"}': 9,
      lunatic_process_signals_received: 9,
    });
  });

  test('count modules, configs, timers and names', async () => {
    const blobs = { module: await assemble('(module)') };
    const source = guest(
      `(func (export "_start")
        (drop (call $process.compile_module (blob "module") (i32.const 0)))
        (drop (call $process.compile_module (blob "module") (i32.const 0)))
        (drop (call $process.compile_module (i32.const 0) (i32.const 4) (i32.const 0)))
        (call $process.drop_module (i64.const 0))
        (drop (call $process.create_config)) (drop (call $process.create_config)) (call $process.drop_config (i64.const 0))
        (call $put (i64.const 1) (i64.const 0)) (drop (call $timer.send_after (i64.const 1) (i64.const 0)))
        (drop (call $receive))
        (call $put (i64.const 1) (i64.const 0))
        (drop (call $timer.cancel_timer (call $timer.send_after (i64.const 1) (i64.const 100000))))
        (drop (call $timer.cancel_timer (i64.const 77)))
        (call $put (i64.const 1) (i64.const 0)) (drop (call $timer.send_after (i64.const 1) (i64.const 100000)))
        (call $registry.put (text "a") (i64.const 0) (i64.const 1)) (call $registry.put (text "a") (i64.const 0) (i64.const 1))
        (drop (call $registry.get (text "b") (i32.const 0) (i32.const 8)))
        (call $registry.remove (text "b")))`,
      { blobs },
    );
    expect(await vm(source)).toMatchObject({
      lunatic_process_modules_compiled: 3,
      lunatic_process_modules_dropped: 1,
      lunatic_process_modules_active: 2,
      lunatic_process_modules_compiled_duration_count: 3,
      lunatic_process_configs_created: 2,
      lunatic_process_configs_dropped: 1,
      lunatic_process_configs_active: 1,
      lunatic_timers_started: 3,
      lunatic_timers_completed: 1,
      lunatic_timers_canceled: 1,
      lunatic_timers_active: 1,
      lunatic_registry_write: 2,
      lunatic_registry_read: 1,
      lunatic_registry_deletion: 1,
      lunatic_registry_registered: 1,
    });
  });

  test('do not count modules that may not be compiled', async () => {
    const source = guest(`
      (func (export "child") (drop (call $process.compile_module (i32.const 0) (i32.const 4) (i32.const 0)))
        (drop (call $process.create_config)))
      (func (export "_start") (local $config i64)
        (local.set $config (call $process.create_config))
        (call $process.monitor (call $spawn_with (i64.const 0) (local.get $config) (text "child")))
        (drop (call $receive)))`);
    expect(await vm(source)).toMatchObject({
      lunatic_process_modules_compiled: 0,
      lunatic_process_configs_created: 1,
    });
  });
});
