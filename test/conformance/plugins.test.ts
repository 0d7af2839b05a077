import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type AnyPlugin,
  definePlugin,
  type PluginCaller,
  PluginError,
  type PluginMemory,
  type PluginProcess,
  ProcessEndedError,
} from '../../runtime/index.ts';
import { ProcessConfig } from '../../runtime/internal.ts';
import { PluginHost } from '../../runtime/plugins/plugin-host.ts';
import { guest } from '../support/guest.ts';
import { assemble, linesOf, run, runAll, start, trapOf } from '../support/program.ts';

afterEach(() => vi.restoreAllMocks());

/** A plugin `p` with one function `f`. */
const calling = (signature: string, call: (caller: PluginCaller<unknown>, ...args: number[]) => unknown) =>
  ({ namespace: 'p', functions: { f: { signature, call } } }) satisfies AnyPlugin;

/** A guest that imports `p::f` with this type. */
const importing = (type: string, functions: string) =>
  guest(functions, { imports: `(import "p" "f" (func $f ${type}))` });
const main = (type: string, body: string) => importing(type, `(func (export "_start") ${body})`);

/** What a process warning says that comes next. */
function warning(): Promise<string> {
  return new Promise((done) => process.once('warning', ({ message }) => done(message)));
}

describe('functions', () => {
  test('have parameters and results of all types', async () => {
    const seen: unknown[] = [];
    const plugin = definePlugin({
      namespace: 'types',
      functions: {
        all: {
          signature: '(a: i32, b: i64, c: f32, d: f64)',
          call: (_, a, b, c, d) => {
            seen.push(a, b, c, d);
          },
        },
        i32: { signature: '() -> i32', call: () => 0xffff_fffe },
        i64: { signature: '() -> i64', call: () => 0xffff_ffff_ffff_fffdn },
        f32: { signature: '() -> f32', call: () => 0.1 },
        f64: { signature: '(f64) -> f64', call: (_, value) => value / 2 },
      },
    });
    const source = guest(
      `(func (export "_start")
         (call $all (i32.const -1) (i64.const -2) (f32.const 0.5) (f64.const 1e300))
         (call $show32 (text "i32") (call $i32))
         (call $show (text "i64") (call $i64))
         (call $show32 (text "f32") (f32.eq (call $f32) (f32.const 0.1)))
         (call $show32 (text "f64") (f64.eq (call $f64 (f64.const 5)) (f64.const 2.5))))`,
      {
        imports: `
          (import "types" "all" (func $all (param i32 i64 f32 f64)))
          (import "types" "i32" (func $i32 (result i32)))
          (import "types" "i64" (func $i64 (result i64)))
          (import "types" "f32" (func $f32 (result f32)))
          (import "types" "f64" (func $f64 (param f64) (result f64)))`,
      },
    );
    expect(await linesOf(source, { plugins: [plugin] })).toEqual(['i32 -2', 'i64 -3', 'f32 1', 'f64 1']);
    expect(seen).toEqual([-1, -2n, 0.5, 1e300]);
  });

  test('are linked by name and type, as all host functions', async () => {
    const plugins = [calling('(a: i32) -> i32', () => 0)];
    const linking = (source: string) => start(source, { plugins });
    await expect(linking(main('(param i64)', ''))).rejects.toThrow(
      'p::f: imported as (i64), but it is (i32) -> i32',
    );
    await expect(linking('(module (import "p" "ff" (func)))')).rejects.toThrow('did you mean p::f?');
    await expect(linking('(module (import "q" "other" (func)))')).rejects.toThrow(/there are .*, p/);
    await expect(start(main('(param i32) (result i32)', ''))).rejects.toThrow('p::f: unknown');
  });

  test('know who calls', async () => {
    const callers: unknown[] = [];
    const plugins = [
      calling('()', ({ id, environment, parent, entry, ended }) => {
        callers.push({ id, environment, parent, entry, ended });
      }),
    ];
    const source = importing(
      '',
      '(func (export "child") (call $f)) (func (export "_start") (call $f) (call $run (text "child")))',
    );
    await runAll(source, { plugins });
    expect(callers).toEqual([
      { id: 1, environment: 1, parent: null, entry: '_start', ended: false },
      { id: 2, environment: 1, parent: 1, entry: 'child', ended: false },
    ]);
  });

  test('can be called by modules that were compiled at run time', async () => {
    const plugins = [calling('() -> i32', () => 42)];
    const inner = await assemble(`(module
      (import "p" "f" (func $f (result i32)))
      (func (export "go") (if (i32.ne (call $f) (i32.const 42)) (then unreachable))))`);
    const source = guest(
      `(func (export "_start")
         (call $expect (call $process.compile_module (blob "m") (i32.const 0)) (i32.const 0))
         (call $process.die_when_link_dies (i32.const 0))
         (call $expect (call $process.spawn (i64.const 7) (i64.const -1) (i64.const 0) (text "go")
           (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 0))
         (call $process.monitor (i64.const 2))
         (call $show_received (call $receive)))`,
      { blobs: { m: inner } },
    );
    expect(await linesOf(source, { plugins })).toEqual(['process 2']);
  });
});

describe('what a function returns', () => {
  test.each([
    ['() -> i32', 1.5, 'an i32, and not the number 1.5'],
    ['() -> i32', 2 ** 32, 'an i32, and not the number 4294967296'],
    ['() -> i32', -(2 ** 31) - 1, 'an i32, and not the number -2147483649'],
    ['() -> i32', Number.NaN, 'an i32, and not the number NaN'],
    ['() -> i32', 1n, 'an i32, and not the bigint 1'],
    ['() -> i32', '1', 'an i32, and not a string'],
    ['() -> i32', true, 'an i32, and not a boolean'],
    ['() -> i32', undefined, 'an i32, and not nothing'],
    ['() -> i64', 1, 'an i64, and not the number 1'],
    ['() -> i64', 2n ** 64n, 'an i64, and not the bigint 18446744073709551616'],
    ['() -> i64', null, 'an i64, and not null'],
    ['() -> f64', 1n, 'an f64, and not the bigint 1'],
    ['() -> f32', [1], 'an f32, and not an array'],
    ['() -> f64', { valueOf: () => 1 }, 'an f64, and not an object'],
  ])('%s cannot be %s; also not later', async (signature, value, message) => {
    const type = `(result ${signature.slice(6)})`;
    for (const call of [() => value, async () => value]) {
      const trap = await trapOf(main(type, '(drop (call $f))'), { plugins: [calling(signature, call)] });
      expect(trap).toBe(`p::f must return ${message}`);
    }
  });

  test.each([-0x7fff_ffff, -0x8000_0000, -1, 9027])('may be the number %i', async (value) => {
    for (const call of [() => value, async () => value]) {
      const source = main('(result i32)', '(call $show32 (text "is") (call $f))');
      expect(await linesOf(source, { plugins: [calling('() -> i32', call)] })).toEqual([`is ${value}`]);
    }
  });

  test('does not matter if it has no result', async () => {
    for (const call of [() => 'text', async () => 5n]) {
      const source = main('', '(call $f) (call $print (text "went on"))');
      expect(await linesOf(source, { plugins: [calling('()', call)] })).toEqual(['went on']);
    }
  });
});

describe('a function that throws', () => {
  const hostile = {
    toString() {
      throw new Error('no text either');
    },
  };
  test.each([
    ['an error', new Error('the shop is closed'), 'p::f failed: the shop is closed'],
    ['an error without a message', new TypeError(), 'p::f failed: TypeError'],
    ['a text', 'closed', 'p::f failed: closed'],
    ['nothing', undefined, 'p::f failed: undefined'],
    ['what has no text', hostile, 'p::f failed: it threw something that cannot be displayed'],
  ])('%s kills its caller with the message; others go on', async (_, thrown, message) => {
    const calls = [
      () => {
        throw thrown;
      },
      () => Promise.reject(thrown),
    ];
    for (const call of calls) {
      const source = importing(
        '',
        `(func (export "child") (call $f) (call $print (text "not reached")))
         (func (export "_start") (call $run (text "child")) (call $print (text "went on")))`,
      );
      const { stdout, exits } = await runAll(source, { plugins: [calling('()', call)] });
      expect(stdout.lines).toEqual(['went on']);
      expect(exits[0]?.exit).toMatchObject({ kind: 'trapped', message });
    }
  });

  test('cannot be caught as an exception, but by lunatic::trap::catch', async () => {
    const plugins = [
      calling('()', () => {
        throw new Error('caught me');
      }),
    ];
    const source = importing(
      '',
      `(func (export "_lunatic_catch_trap") (param i32 i32) (result i32) (call $f) (i32.const 1))
       (func (export "_start")
         (call $show32 (text "caught") (call $trap.catch (i32.const 0) (i32.const 0))))`,
    );
    expect(await linesOf(source, { plugins })).toEqual(['caught 0']);
    const swallowing = main('', '(try (do (call $f)) (catch_all)) (call $print (text "swallowed"))');
    expect(await trapOf(swallowing, { plugins })).toBe('p::f failed: caught me');
  });
});

describe('a function that waits', () => {
  test('suspends its caller alone, and its result arrives', async () => {
    const { promise, resolve } = Promise.withResolvers<bigint>();
    const plugin = definePlugin({
      namespace: 'p',
      functions: {
        f: { signature: '() -> i64', call: () => promise },
        go: {
          signature: '()',
          call: () => {
            resolve(77n);
          },
        },
      },
    });
    const source = guest(
      `(func (export "other") (call $print (text "other")) (call $go))
       (func (export "_start")
         (drop (call $spawn (i64.const 0) (text "other")))
         (call $print (text "waits"))
         (call $show (text "got") (call $f)))`,
      { imports: '(import "p" "f" (func $f (result i64))) (import "p" "go" (func $go))' },
    );
    expect(await linesOf(source, { plugins: [plugin] })).toEqual(['waits', 'other', 'got 77']);
  });

  test('and never settles can be killed; its signal is aborted then', async () => {
    const { promise: begun, resolve: begin } = Promise.withResolvers<AbortSignal>();
    const plugins = [
      calling('()', (caller) => {
        begin(caller.signal);
        return new Promise(() => {});
      }),
    ];
    const { root, exits } = await start(main('', '(call $f)'), { plugins });
    const signal = await begun;
    expect(signal.aborted).toBe(false);
    root.stop();
    await root.ended;
    expect(exits.map(({ exit }) => exit.kind)).toEqual(['killed']);
    expect(signal.aborted).toBe(true);
  });

  test('has an aborted signal even if it asks for it late', async () => {
    const callers: PluginCaller<unknown>[] = [];
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const plugins = [
      calling('()', (caller) => {
        callers.push(caller);
        begin();
        return new Promise(() => {});
      }),
    ];
    const { root } = await start(main('', '(call $f)'), { plugins });
    await begun;
    root.stop();
    await root.ended;
    expect(callers[0]?.signal.aborted).toBe(true);
  });

  test('and fails when its caller is dead affects nobody', async () => {
    const { promise, reject } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const plugins = [
      calling('()', () => {
        begin();
        return promise;
      }),
    ];
    const { root } = await start(main('', '(call $f)'), { plugins });
    await begun;
    root.stop();
    await root.ended;
    reject(new Error('too late'));
    // An unhandled rejection would fail this test run.
    await nextTurn();
  });

  test('may return any object with a then', async () => {
    const thenable = {
      // biome-ignore lint/suspicious/noThenProperty: that is the point
      then(resolve: (value: number) => void) {
        setImmediate(resolve, 5);
      },
    };
    const source = main('(result i32)', '(call $show32 (text "is") (call $f))');
    expect(await linesOf(source, { plugins: [calling('() -> i32', () => thenable)] })).toEqual(['is 5']);
  });

  test('holds no stack of another: a thousand wait at once', async () => {
    let waiting = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const plugins = [
      calling('()', () => {
        if (++waiting === 1000) resolve();
        return promise;
      }),
    ];
    const source = importing(
      '',
      `(func (export "child") (call $f))
       (func (export "_start") (local $n i32)
         (loop $more
           (drop (call $spawn (i64.const 0) (text "child")))
           (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 1000)))))`,
    );
    const { exits } = await runAll(source, { plugins });
    expect(exits.every(({ exit }) => exit.kind === 'returned')).toBe(true);
    expect(exits).toHaveLength(1001);
  });
});

test('a function that takes long ends the turn of its caller', async () => {
  let calls = 0;
  let most = 0;
  const plugin = calling('(wait: i32)', (_, wait) => {
    if (wait === 0) {
      most = Math.max(most, calls);
      calls = 0;
      return;
    }
    calls++;
    for (const since = performance.now(); performance.now() - since < 1; );
  });
  const source = importing(
    '(param i32)',
    `(func (export "busy") (loop $l (call $f (i32.const 1)) (br $l)))
    (func (export "_start") (local $i i32)
      (drop (call $spawn (i64.const 0) (text "busy")))
      (loop $l
        (call $f (i32.const 0)) (call $process.sleep_ms (i64.const 0))
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 30)))))`,
  );
  await run(source, { plugins: [plugin] });
  // Nearly always one. They were 64 where only the calls were counted.
  expect(most).toBeLessThan(8);
});

describe('memory', () => {
  test('is read and written, numbers and text', async () => {
    const seen: unknown[] = [];
    const plugins = [
      calling('()', ({ memory }) => {
        memory.writeU8(0, 255);
        memory.writeU32(1, -2);
        memory.writeU64(5, -3n);
        memory.writeF64(13, 0.1);
        seen.push(
          memory.readU8(0),
          memory.readI32(1),
          memory.readU32(1),
          memory.readI64(5),
          memory.readU64(5),
        );
        seen.push(memory.readF64(13), memory.writeString(32, 'grün'), memory.readString(32, 5));
        memory.write(64, Uint8Array.of(1, 2, 3));
        seen.push([...memory.read(63, 5)], memory.size);
        seen.push(memory.access(64, 3, (bytes) => bytes.reduce((sum, byte) => sum + byte)));
      }),
    ];
    await linesOf(main('', '(call $f)'), { plugins });
    expect(seen).toEqual([
      ...[255, -2, 0xffff_fffe, -3n, 2n ** 64n - 3n, 0.1, 5, 'grün'],
      ...[[0, 1, 2, 3, 0], 65536, 6],
    ]);
  });

  test.each([
    ['read', (caller: PluginCaller<unknown>) => caller.memory.read(65530, 7)],
    ['write', (caller: PluginCaller<unknown>) => caller.memory.write(65536, Uint8Array.of(1))],
    ['a negative pointer', (caller: PluginCaller<unknown>) => caller.memory.readU8(-1)],
    ['a negative length', (caller: PluginCaller<unknown>) => caller.memory.read(0, -1)],
    ['a number', (caller: PluginCaller<unknown>) => caller.memory.readF64(65529)],
    ['text', (caller: PluginCaller<unknown>) => caller.memory.readString(65535, 2)],
    ['access', (caller: PluginCaller<unknown>) => caller.memory.access(65535, 2, () => 0)],
  ])('%s out of bounds traps the caller', async (_, call) => {
    expect(await trapOf(main('', '(call $f)'), { plugins: [calling('()', call)] })).toMatch(
      /memory access out of bounds/,
    );
  });

  test('is the whole memory also when that has grown since', async () => {
    const kept: PluginMemory[] = [];
    const plugins = [
      calling('()', async ({ memory }) => {
        kept.push(memory);
        await nextTurn();
        if (kept.length === 2) kept[0]?.writeString(131_080, 'grown');
      }),
    ];
    const source = guest(
      `(func (export "_start")
         (call $f)
         (drop (memory.grow (i32.const 1)))
         (call $f)
         (call $print (i32.const 131080) (i32.const 5)))`,
      { imports: '(import "p" "f" (func $f))', memory: '(memory (export "memory") 2 3)' },
    );
    expect(await linesOf(source, { plugins })).toEqual(['grown']);
  });

  test('of a process that has ended cannot be used, nor its state: it may be another’s', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const failures: unknown[] = [];
    const plugin = definePlugin({
      namespace: 'p',
      state: () => ({}),
      functions: {
        f: {
          signature: '()',
          call: async (caller) => {
            begin();
            await promise;
            for (const use of [
              () => caller.memory.writeU32(0, 1),
              () => caller.memory.size,
              () => caller.state,
            ]) {
              try {
                use();
              } catch (error) {
                failures.push(error);
              }
            }
            expect(caller.ended).toBe(true);
          },
        },
      },
    });
    const { root } = await start(main('', '(call $f)'), { plugins: [plugin] });
    await begun;
    root.stop();
    await root.ended;
    resolve();
    await nextTurn();
    expect(failures).toHaveLength(3);
    for (const failure of failures) expect(failure).toBeInstanceOf(ProcessEndedError);
  });

  test('that is not exported traps', async () => {
    const source = `(module (import "p" "f" (func $f)) (memory 1) (func (export "_start") (call $f)))`;
    const plugins = [calling('()', ({ memory }) => memory.size)];
    expect(await trapOf(source, { plugins })).toMatch(/does not export its memory/);
  });
});

describe('state', () => {
  const log: string[] = [];
  const counter = definePlugin({
    namespace: 'p',
    state: (process) => {
      log.push(`made for ${process.id}`);
      return { id: process.id, total: 0n };
    },
    functions: {
      f: { signature: '(amount: i64) -> i64', call: ({ state }, amount) => (state.total += amount) },
    },
    release: ({ id, total }) => {
      log.push(`released ${id} with ${total}`);
    },
  });

  test('is one for each process, made when it is needed and released with the process', async () => {
    log.length = 0;
    const source = importing(
      '(param i64) (result i64)',
      `(func (export "child") (call $show (text "child") (call $f (i64.const 5))))
       (func (export "idle"))
       (func (export "_start")
         (drop (call $f (i64.const 1)))
         (call $run (text "child"))
         (call $run (text "idle"))
         (call $show (text "root") (call $f (i64.const 2))))`,
    );
    expect((await runAll(source, { plugins: [counter] })).stdout.lines).toEqual(['child 5', 'root 3']);
    expect(log).toEqual(['made for 1', 'made for 2', 'released 2 with 5', 'released 1 with 3']);
  });

  test('is kept apart by plugin', async () => {
    const other = { ...counter, namespace: 'q' };
    const source = guest(
      `(func (export "_start")
         (drop (call $f (i64.const 1)))
         (call $show (text "q") (call $g (i64.const 2))))`,
      {
        imports: `(import "p" "f" (func $f (param i64) (result i64)))
          (import "q" "f" (func $g (param i64) (result i64)))`,
      },
    );
    expect(await linesOf(source, { plugins: [counter, other] })).toEqual(['q 2']);
  });

  test('that cannot be made kills the process that asks for it', async () => {
    const plugins = [
      definePlugin({
        namespace: 'p',
        state: (): number => {
          throw new Error('no room');
        },
        functions: { f: { signature: '() -> i32', call: ({ state }) => state } },
      }),
    ];
    expect(await trapOf(main('(result i32)', '(drop (call $f))'), { plugins })).toBe('p::f failed: no room');
  });

  test('that cannot be asked for while it is made', async () => {
    const plugins = [
      definePlugin({
        namespace: 'p',
        state: (process): number => process.state,
        functions: { f: { signature: '() -> i32', call: ({ state }) => state } },
      }),
    ];
    expect(await trapOf(main('(result i32)', '(drop (call $f))'), { plugins })).toMatch(/while it is made/);
  });

  test('whose release fails is a warning', async () => {
    const warned = warning();
    const plugins = [
      { ...calling('()', (caller) => caller.state), state: () => 1, release: () => Promise.reject('stuck') },
    ];
    await linesOf(main('', '(call $f)'), { plugins });
    expect(await warned).toBe('release of the plugin p failed: stuck');
  });
});

describe('spawn and exit', () => {
  test('are seen, each once, with the state', async () => {
    const log: unknown[] = [];
    const plugin = definePlugin({
      namespace: 'p',
      state: (): { calls: number } => ({ calls: 0 }),
      functions: {
        f: {
          signature: '()',
          call: ({ state }) => {
            state.calls++;
          },
        },
      },
      onSpawn: ({ id, entry, memory }) => {
        log.push(`spawn ${id} ${entry} ${memory.size}`);
      },
      onExit: ({ id, state, memory }, exit) => {
        log.push(`exit ${id} after ${state.calls} ${memory.size}`, exit);
      },
    });
    const source = importing(
      '',
      `(func (export "traps") (call $f) unreachable)
       (func (export "exits") (call $proc_exit (i32.const 3)))
       (func (export "killed") (call $forever))
       (func (export "_start")
         (call $run (text "traps"))
         (call $run (text "exits"))
         (call $process.monitor (call $spawn (i64.const 0) (text "killed")))
         (call $process.kill (i64.const 4))
         (call $expect (call $receive) (i32.const 2)))`,
    );
    await runAll(source, { plugins: [plugin] });
    expect(log).toEqual([
      'spawn 1 _start 131072',
      'spawn 2 traps 131072',
      'exit 2 after 1 131072',
      { kind: 'trapped', normal: false, message: 'unreachable' },
      'spawn 3 exits 131072',
      'exit 3 after 0 131072',
      { kind: 'exited', normal: false, code: 3 },
      'spawn 4 killed 131072',
      'exit 4 after 0 131072',
      { kind: 'killed', normal: false },
      'exit 1 after 0 131072',
      { kind: 'returned', normal: true },
    ]);
  });

  test('of a process that never began are not', async () => {
    const log: string[] = [];
    const inner = await assemble(`(module
      (import "lunatic::process" "sleep_ms" (func $sleep (param i64)))
      (func $start (call $sleep (i64.const 1000000))) (func (export "go")) (start $start))`);
    const source = guest(
      `(func (export "spawner")
         (call $expect (call $process.compile_module (blob "m") (i32.const 0)) (i32.const 0))
         (drop (call $process.spawn (i64.const 0) (i64.const -1) (i64.const 0) (text "go")
           (i32.const 0) (i32.const 0) (i32.const 0))))
       (func (export "_start")
         (call $process.monitor (call $spawn (i64.const 0) (text "spawner")))
         (call $process.sleep_ms (i64.const 5))
         (call $process.kill (i64.const 2))
         (call $expect (call $receive) (i32.const 2)))`,
      { blobs: { m: inner } },
    );
    const plugin: AnyPlugin = {
      namespace: 'p',
      onSpawn: ({ entry }) => log.push(`spawn ${entry}`) as never,
      onExit: ({ entry }) => log.push(`exit ${entry}`),
    };
    await runAll(source, { plugins: [plugin] });
    expect(log).toEqual(['spawn _start', 'spawn spawner', 'exit spawner', 'exit _start']);
  });

  const refusing: AnyPlugin = {
    namespace: 'p',
    onSpawn: ({ entry }: PluginProcess<unknown>) => {
      if (entry === 'child') throw new Error('no children');
    },
  };

  test('a hook that throws refuses the spawn; the parent is told why', async () => {
    const source = guest(`
      (func (export "child") (call $print (text "not reached")))
      (func (export "_start")
        (call $show32 (text "code") (call $process.spawn (i64.const 9) (i64.const -1) (i64.const -1) (text "child")
          (i32.const 0) (i32.const 0) (i32.const 0)))
        (call $print_error (i64.load (i32.const 0)))
        (call $show32 (text "exists") (call $process.exists (i64.const 2))))`);
    const { stdout, exits, runtime } = await runAll(source, { plugins: [refusing] });
    expect(stdout.lines).toEqual(['code 1', 'the plugin p does not let it begin: no children', 'exists 0']);
    expect(exits).toHaveLength(1);
    expect(runtime.scheduler.capacity).toBeDefined();
  });

  test('also that of a process with a start section, and of a root process', async () => {
    const inner = await assemble(`(module (func (export "child")) (func $start) (start $start))`);
    const source = guest(
      `(func (export "_start")
         (call $expect (call $process.compile_module (blob "m") (i32.const 0)) (i32.const 0))
         (call $show32 (text "code") (call $process.spawn (i64.const 0) (i64.const -1) (i64.const 0) (text "child")
           (i32.const 0) (i32.const 0) (i32.const 0))))`,
      { blobs: { m: inner } },
    );
    expect(await linesOf(source, { plugins: [refusing] })).toEqual(['code 1']);
    const root = '(module (func (export "child")))';
    await expect(start(root, { plugins: [refusing], entry: 'child' })).rejects.toThrow(
      'the plugin p does not let it begin: no children',
    );
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('confused');
      },
    ],
    [
      'is asynchronous and fails',
      async () => {
        throw new Error('confused');
      },
    ],
  ])('a hook for exits that %s is a warning; other plugins are told', async (_, onExit) => {
    const warned = warning();
    const told = vi.fn();
    const plugins: AnyPlugin[] = [
      { namespace: 'p', onExit },
      { namespace: 'q', onExit: told },
    ];
    await linesOf(guest('(func (export "_start"))'), { plugins });
    expect(await warned).toBe('onExit of the plugin p failed: confused');
    expect(told).toHaveBeenCalledOnce();
  });

  test('an asynchronous hook for spawns that fails is a warning', async () => {
    const warned = warning();
    const plugins: AnyPlugin[] = [
      { namespace: 'p', onSpawn: () => Promise.reject(new Error('later')) as never },
    ];
    expect(await linesOf(guest('(func (export "_start") (call $print (text "ran")))'), { plugins })).toEqual([
      'ran',
    ]);
    expect(await warned).toBe('onSpawn of the plugin p failed: later');
  });
});

describe('what is not a plugin', () => {
  const f = { signature: '()', call: () => {} };
  test.each<[unknown, string]>([
    [null, 'a plugin must be an object as definePlugin takes it, and not null'],
    ['text', 'and not a string'],
    [() => {}, 'and not a function'],
    [[], 'and not an array'],
    [{}, 'the namespace of a plugin is missing'],
    [{ namespace: 5 }, 'and not a number'],
    [{ namespace: '' }, 'and not ""'],
    [{ namespace: 'a b' }, 'and not "a b"'],
    [{ namespace: 'a'.repeat(101) }, 'must be a name'],
    [{ namespace: 'lunatic::process' }, 'belongs to the runtime'],
    [{ namespace: 'lunatic' }, 'belongs to the runtime'],
    [{ namespace: 'lunatic:kernel' }, 'belongs to the runtime'],
    [{ namespace: 'lunatic-host' }, 'belongs to the runtime'],
    [{ namespace: 'wasi_snapshot_preview1' }, 'belongs to the runtime'],
    [{ namespace: 'wasi:io' }, 'belongs to the runtime'],
    [
      { namespace: 'p', fucntions: {} },
      'fucntions of the plugin p is not a field; the fields are namespace, state',
    ],
    [{ namespace: 'p', functions: [] }, 'functions of the plugin p must be an object, and not an array'],
    [
      { namespace: 'p', functions: { 'a b': f } },
      'a function of the plugin p must be a name of letters, digits, "_", "-", "." and ":", and not "a b"',
    ],
    [{ namespace: 'p', functions: { f: () => {} } }, 'p::f must be an object with a signature and a call'],
    [
      { namespace: 'p', functions: { f: { ...f, run: 1 } } },
      'run of p::f is not a field; the fields are signature, call, doc',
    ],
    [{ namespace: 'p', functions: { f: { signature: '()' } } }, 'call of p::f is missing'],
    [
      { namespace: 'p', functions: { f: { ...f, call: 1 } } },
      'call of p::f must be a function, and not a number',
    ],
    [{ namespace: 'p', functions: { f: { call() {} } } }, 'signature of p::f is missing'],
    [
      { namespace: 'p', functions: { f: { ...f, signature: 1 } } },
      'signature of p::f must be a text, and not a number',
    ],
    [
      { namespace: 'p', functions: { f: { ...f, signature: '(a: i33)' } } },
      'signature of p::f is "(a: i33)": "i33" is not a type of host functions; they are i32, i64, f32, f64',
    ],
    [{ namespace: 'p', functions: { f: { ...f, signature: 'i32 -> i32' } } }, 'it must be as'],
    [{ namespace: 'p', functions: { f: { ...f, signature: '() -> i32, i32' } } }, 'it must be as'],
    [
      { namespace: 'p', functions: { f: { ...f, signature: `(${Array(101).fill('i32').join(', ')})` } } },
      'it has 101 parameters, and 100 is the most',
    ],
    [{ namespace: 'p', functions: { f: { ...f, doc: 1 } } }, 'doc of p::f must be a text, and not a number'],
    [{ namespace: 'p', state: {} }, 'state of the plugin p must be a function, and not an object'],
    [{ namespace: 'p', onSpawn: 1 }, 'onSpawn of the plugin p must be a function, and not a number'],
  ])('%j', (plugin, message) => {
    const make = () => new PluginHost([plugin as AnyPlugin]);
    expect(make).toThrow(PluginError);
    expect(make).toThrow(message);
  });

  test('two plugins cannot have the same namespace', () => {
    const plugins = [{ namespace: 'p' }, { namespace: 'p' }];
    expect(() => new PluginHost(plugins)).toThrow('two plugins have the namespace "p"');
  });
});

describe('what plugins keep for processes counts', () => {
  const BEYOND = /the host would keep \d+ bytes besides its memory for .*max_host_memory/;
  const MEBIBYTE = 2 ** 20;
  const limited = (plugin: AnyPlugin) => {
    const config = ProcessConfig.forRoot();
    config.maxHostMemory = 4 * MEBIBYTE;
    return { config, plugins: [plugin] };
  };
  const large = (functions: string) =>
    guest(functions, { imports: '(import "p" "f" (func $f))', memory: '(memory (export "memory") 40)' });
  const forever = large('(func (export "_start") (loop $again (call $f) (br $again)))');

  test('where it says so, until the process has ended', async () => {
    const kept: Uint8Array[] = [];
    const plugin = calling('()', (caller) => {
      caller.charge(MEBIBYTE);
      kept.push(caller.memory.read(0, MEBIBYTE));
    });
    const program = await runAll(forever, limited(plugin));
    expect(program.exit).toMatchObject({ kind: 'trapped', message: expect.stringMatching(BEYOND) });
    expect(kept.length).toBeLessThanOrEqual(4);
    expect(program.root.environment.account.bytes).toBe(0);
  });

  test('and not any more when it is released', async () => {
    let calls = 0;
    const plugin = calling('() -> i32', (caller) => {
      caller.charge(2 * MEBIBYTE);
      caller.release(2 * MEBIBYTE);
      return Number(++calls < 100);
    });
    const source = main('(result i32)', '(loop $again (br_if $again (call $f)))');
    expect((await runAll(source, limited(plugin))).exit).toMatchObject({ kind: 'returned' });
  });

  test('and copies of memory while a call waits', async () => {
    const plugin = calling('()', async ({ memory, signal }) => {
      const copy = memory.read(0, MEBIBYTE);
      await new Promise((done) => signal.addEventListener('abort', done));
      return copy.length;
    });
    const source = large(
      `(func (export "waits") (call $f))
       (func (export "_start") (local $n i32)
         (loop $more
           (call $process.monitor (call $spawn (i64.const 0) (text "waits")))
           (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 20))))
         (loop $wait
           (drop (call $receive))
           (br_if $wait (i32.gt_u (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 4)))))`,
    );
    const { exits, exit } = await run(source, limited(plugin));
    expect(exit).toMatchObject({ kind: 'returned' });
    const trapped = exits.flatMap(({ exit }) => (exit.kind === 'trapped' ? [exit.message] : []));
    expect(trapped.length).toBeGreaterThanOrEqual(16);
    for (const message of trapped) expect(message).toMatch(BEYOND);
  });

  test('and copies not any more when the call has returned, whatever the plugin does with them', async () => {
    let calls = 0;
    const plugin = calling('() -> i32', ({ memory }) => {
      memory.read(0, 60_000);
      memory.readString(0, 60_000);
      return Number(++calls < 1000);
    });
    const source = main('(result i32)', '(loop $again (br_if $again (call $f)))');
    expect((await runAll(source, limited(plugin))).exit).toMatchObject({ kind: 'returned' });
  });

  test('nor copies that a plugin makes later', async () => {
    let first: PluginCaller<unknown> | undefined;
    let calls = 0;
    const plugin = calling('() -> i32', (caller) => {
      first ??= caller;
      if (caller !== first) first.memory.read(0, 60_000);
      return Number(++calls < 1000);
    });
    const source = main('(result i32)', '(loop $again (br_if $again (call $f)))');
    expect((await runAll(source, limited(plugin))).exit).toMatchObject({ kind: 'returned' });
  });

  test('and no plugin releases the copies of a call, which ends all the same', async () => {
    const plugin = calling('()', async (caller) => {
      caller.memory.read(0, 1000);
      await Promise.resolve();
      caller.release(1000);
    });
    expect(await trapOf(main('', '(call $f)'), limited(plugin))).toContain('1000 bytes were not charged');
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('but no %d bytes', async (bytes) => {
    const plugin = calling('()', (caller) => caller.charge(bytes));
    expect(await trapOf(main('', '(call $f)'), limited(plugin))).toContain('is no number of bytes');
  });

  test('and no more can be released than was charged', async () => {
    const plugin = calling('()', (caller) => {
      caller.charge(10);
      caller.release(11);
    });
    expect(await trapOf(main('', '(call $f)'), limited(plugin))).toContain('11 bytes were not charged');
  });
});
