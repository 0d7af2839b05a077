import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ProcessConfig, SpawnError } from '../../runtime/internal.ts';
import { guest } from '../support/guest.ts';
import { linesOf, run, start } from '../support/program.ts';
import { modernWat } from '../unit/wasm/support.ts';

const PAGE = 65_536;
const limits = { maxMemories: 3 };

/** A guest with three memories, which is the memory of host functions first. */
const three = (functions: string, sizes: readonly [string, string, string] = ['2', '1', '1']) =>
  modernWat(
    guest(functions, {
      memory: `(memory $own (export "memory") ${sizes[0]}) (memory $a (export "a") ${sizes[1]}) (memory $b ${sizes[2]})
        (data (memory $b) (i32.const 70) "first")`,
    }),
  );

const configOf = (maxMemory: number): ProcessConfig => {
  const config = ProcessConfig.forRoot();
  config.maxMemory = maxMemory;
  return config;
};

/** Memories that were made since the test began. */
let made = 0;
const { Memory } = WebAssembly;
beforeEach(() => {
  made = 0;
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: ConstructorParameters<typeof Memory>[0]) {
      made++;
      super(descriptor);
    }
  };
});
afterEach(() => {
  WebAssembly.Memory = Memory;
});

describe('max_memory', () => {
  test('is the sum of all of them when a process starts', async () => {
    const source = three('(func (export "_start"))');
    await expect(start(source, { limits, config: configOf(4 * PAGE - 1) })).rejects.toThrow(
      new SpawnError(
        "the module's memory of 4 pages (262144 bytes) is larger than max_memory (262143 bytes); --max-memory=262144 allows it",
      ),
    );
    const { exit } = await run(source, { limits, config: configOf(4 * PAGE) });
    expect(exit).toEqual({ kind: 'returned' });
  });

  test('is the sum of all of them when one grows', async () => {
    const source = three(`
      (func (export "_start")
        (call $show32 (text "a") (memory.grow $a (i32.const 4)))
        (call $show32 (text "a") (memory.grow $a (i32.const 1)))
        (call $show32 (text "b") (memory.grow $b (i32.const 3)))
        (call $show32 (text "own") (memory.grow $own (i32.const 3)))
        (call $show32 (text "own") (memory.grow $own (i32.const 2)))
        (call $show32 (text "b") (memory.grow $b (i32.const 1)))
        (call $show32 (text "b") (memory.grow $b (i32.const -1)))
        (call $show32 (text "b") (memory.grow $b (i32.const 0))))`);
    const grown = await linesOf(source, { limits, config: configOf(7 * PAGE + 5) });
    expect(grown).toEqual(['a -1', 'a 1', 'b -1', 'own -1', 'own 2', 'b -1', 'b -1', 'b 1']);
  });

  test('does not widen what the module declares of one of them', async () => {
    const source = three(
      `(func (export "_start")
        (call $show32 (text "a") (memory.grow $a (i32.const 2)))
        (call $show32 (text "a") (memory.grow $a (i32.const 1))))`,
      ['2', '1 2', '1'],
    );
    expect(await linesOf(source, { limits })).toEqual(['a -1', 'a 1']);
  });

  test('is what the inspector tells of the process', async () => {
    const program = await start(three('(func (export "_start") (drop (call $receive)))'), { limits });
    const { memoryOf } = await import('../../runtime/inspect/process-info.ts');
    expect(memoryOf(program.root.process)).toBe(4 * PAGE);
    program.root.stop();
  });
});

/** Writes into each memory, after looking whether each is what it was at first, and tells the root process. */
const USE = `
  (func $zero (param $at i32)
    (if (i32.or (i32.load $a (local.get $at)) (i32.or (i32.load $b (local.get $at)) (i32.load8_u $own (local.get $at))))
      (then unreachable)))
  (func (export "use")
    (call $zero (i32.const 0)) (call $zero (i32.const 4096)) (call $zero (i32.const 65532))
    (if (i32.ne (i32.load $b (i32.const 70)) (i32.const 0x73726966)) (then unreachable))
    (i32.store $a (i32.const 0) (i32.const 1)) (i32.store $a (i32.const 65532) (i32.const -1))
    (i32.store $b (i32.const 4096) (i32.const 2)) (i32.store $b (i32.const 70) (i32.const 3))
    (i32.store8 $own (i32.const 4096) (i32.const 4))
    (call $send (i64.const 1) (i64.const 0) (i64.const 0)))`;

describe('instances that serve again', () => {
  test('have all their memories as they were', async () => {
    const source = three(`${USE} (func (export "_start") (local $i i32)
      (loop $more
        (drop (call $spawn (i64.const 0) (text "use")))
        (call $expect (call $receive) (i32.const 0))
        (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 40)))))`);
    const { exits } = await run(source, { limits });
    expect(exits.map(({ exit }) => exit.kind)).toEqual(Array(41).fill('returned'));
    expect(made).toBeLessThan(15);
  });

  test('are not those of processes with another limit, or with a memory that has grown', async () => {
    const source = three(`
      (func (export "grow")
        (call $show32 (text "b") (memory.grow $b (i32.const 2)))
        (call $show32 (text "b") (memory.grow $b (i32.const 1)))
        (call $send (i64.const 1) (i64.const 0) (i64.const 0)))
      (func $with (param $config i64)
        (drop (call $spawn_with (i64.const 0) (local.get $config) (text "grow")))
        (drop (call $receive)))
      (func $config (param $limit i64) (result i64) (local $c i64)
        (call $process.config_set_max_memory (local.tee $c (call $process.create_config)) (local.get $limit))
        (local.get $c))
      (func (export "_start") (local $small i64) (local $large i64)
        (local.set $small (call $config (i64.const ${5 * PAGE})))
        (local.set $large (call $config (i64.const ${6 * PAGE})))
        (call $with (local.get $small)) (call $with (local.get $small)) (call $with (local.get $large))
        (call $with (local.get $small)) (call $with (local.get $large)))`);
    const small = ['b -1', 'b 1'];
    const large = ['b 1', 'b -1'];
    expect(await linesOf(source, { limits })).toEqual([small, small, large, small, large].flat());
  });
});

describe('host functions', () => {
  test('use the memory that is exported as "memory", also for short messages', async () => {
    const source = modernWat(`(module
      (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
      (import "lunatic::process" "process_id" (func $id (result i64)))
      (import "lunatic::message" "create_data" (func $create (param i64 i64)))
      (import "lunatic::message" "write_data" (func $write (param i32 i32) (result i32)))
      (import "lunatic::message" "read_data" (func $read (param i32 i32) (result i32)))
      (import "lunatic::message" "send" (func $send (param i64) (result i32)))
      (import "lunatic::message" "receive" (func $receive (param i32 i32 i64) (result i32)))
      (memory $other 1) (memory $hosts (export "memory") 1)
      (data (memory $hosts) (i32.const 8) "from the second\\n") (data (memory $other) (i32.const 8) "from the first!\\n")
      (func (export "_start")
        (call $create (i64.const 0) (i64.const 16))
        (drop (call $write (i32.const 8) (i32.const 16)))
        (drop (call $send (call $id)))
        (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1)))
        (drop (call $read (i32.const 100) (i32.const 16)))
        (i32.store $hosts (i32.const 0) (i32.const 100)) (i32.store $hosts (i32.const 4) (i32.const 16))
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 60)))))`);
    expect(await linesOf(source, { limits })).toEqual(['from the second']);
  });
});

test('a process that copies between memories without end gives way, and can be killed', async () => {
  const source = three(
    `(func (export "copy")
       (loop $on
         (memory.fill $a (i32.const 0) (i32.const 1) (i32.const 0x800000))
         (memory.copy $b $a (i32.const 0) (i32.const 0) (i32.const 0x800000))
         (br $on)))
     (func (export "_start") (local $child i64)
       (local.set $child (call $spawn (i64.const 0) (text "copy")))
       (call $process.monitor (local.get $child))
       (call $process.sleep_ms (i64.const 1))
       (call $print (text "has a turn"))
       (call $process.kill (local.get $child))
       (call $show32 (text "receive") (call $receive)))`,
    ['2', '128', '128'],
  );
  expect(await linesOf(source, { limits })).toEqual(['has a turn', 'receive 2']);
});

test('more than the limit compile but cannot be instantiated', async () => {
  const source = three('(func (export "_start"))');
  await expect(start(source, { limits: { maxMemories: 2 } })).rejects.toThrow(
    new SpawnError('a process can have 2 memories, the module has 3; --max-memories=3 allows it'),
  );
});
