import { describe, expect, test } from 'vitest';
import { Capacity, hostMachine, type Machine } from '../../../runtime/kernel/capacity.ts';
import { clockTime } from '../../../runtime/kernel/clock.ts';
import { guest } from '../../support/guest.ts';
import { run } from '../../support/program.ts';

const GIB = 2 ** 30;

/** A machine whose figures a test sets. */
function machine(
  figures: Partial<{ limit: number | null; mappings: number; free: number; used: number; heap: number }>,
) {
  const state = { limit: 1000, mappings: 0, free: 4 * GIB, used: 0, heap: 0.1, counts: 0, ...figures };
  const fake: Machine = {
    mappingLimit: state.limit,
    countMappings: () => {
      state.counts++;
      return state.mappings;
    },
    freeMemory: () => state.free,
    usedMemory: () => state.used,
    heapUse: () => state.heap,
  };
  return { state, fake };
}

const NOTHING = () => {};

test('admits until the estimate reaches the limit, then counts', () => {
  const { state, fake } = machine({});
  const capacity = new Capacity(NOTHING, NOTHING, fake);
  let admitted = 0;
  while (capacity.admit(1) === null && admitted < 2000) {
    admitted++;
    capacity.beginStack();
    state.mappings += 4;
  }
  expect(state.mappings).toBeLessThan(1000);
  expect(state.mappings).toBeGreaterThan(800);
  expect(state.counts).toBeLessThan(20);
});

test('reclaims what it can before it refuses', () => {
  const { state, fake } = machine({ mappings: 990 });
  let reclaimed = 0;
  const collect = () => {
    reclaimed++;
    state.mappings = 100;
  };
  const capacity = new Capacity(collect, NOTHING, fake);
  expect(capacity.admit(1)).toBeNull();
  expect(reclaimed).toBe(1);
});

test('collects before memories that are divided use up what no process gets of the mappings', () => {
  const { state, fake } = machine({ mappings: 880 });
  const capacity = new Capacity(
    () => {
      state.mappings = 880;
    },
    NOTHING,
    fake,
  );
  for (let i = 0; i < 100; i++) {
    state.mappings += 3;
    capacity.addGarbage(1, 2);
    expect(state.mappings).toBeLessThan(920);
  }
});

test.each([
  ['mappings', { mappings: 990 }, 'no room for another process on this machine (memory mappings)'],
  ['memory', { free: 1000 }, 'no room for another process on this machine (memory)'],
  ['heap', { heap: 0.99 }, 'no room for another process on this machine (heap)'],
])('says what is short: %s', (_, figures, message) => {
  const capacity = new Capacity(NOTHING, NOTHING, machine(figures).fake);
  expect(capacity.admit(1)).toBe(message);
});

test('where the memory cannot be measured, as without descriptors, it is what it was', () => {
  const measured = [0, GIB, 0, 2 * GIB];
  const { freeMemory } = hostMachine(() => measured.shift() ?? 0);
  const free = [freeMemory(), freeMemory(), freeMemory(), freeMemory()];
  expect(free).toEqual([Number.POSITIVE_INFINITY, GIB, GIB, 2 * GIB]);
});

test('memory that can be reclaimed is no reason to refuse', () => {
  const state = { free: 1000 };
  const done: string[] = [];
  const collect = () => {
    done.push('collect');
    state.free = 4 * GIB;
  };
  const { fake } = machine({});
  const capacity = new Capacity(collect, () => done.push('empty'), { ...fake, freeMemory: () => state.free });
  expect(capacity.admit(1)).toBeNull();
  expect(done).toEqual(['empty', 'collect']);
});

describe('memories that were given up', () => {
  const MIB = 2 ** 20;

  /** Gives up so many, and tells how often they were collected. */
  function collections(memories: number, bytes: number, pieces = 0, stacks = 0): number {
    let times = 0;
    const collect = () => {
      times++;
    };
    const capacity = new Capacity(collect, NOTHING, machine({ limit: 1_000_000 }).fake);
    for (let i = 0; i < stacks; i++) capacity.admit(1);
    for (let i = 0; i < memories; i++) {
      capacity.addGarbage(bytes, pieces);
      expect(capacity.admit(1)).toBeNull();
      capacity.releaseStack(false);
    }
    return times;
  }

  test('are collected: the later, the more processes live', () => {
    expect(collections(1000, 4 * MIB)).toBe(18);
    expect(collections(1000, 4 * MIB, 0, 10_000)).toBe(5);
  });

  test('are collected two or three hundred at a time, however little of each is left', () => {
    // Nothing was left of them, or 192 KiB beside pieces of 512, 256 and 128.
    expect(collections(3000, 0)).toBeGreaterThan(6);
    expect(collections(3000, 192 * 1024, 3)).toBeGreaterThan(11);
  });

  test('in pieces are collected as they come, where thousands end at once and nothing is spawned', () => {
    let times = 0;
    const collect = () => {
      times++;
    };
    const capacity = new Capacity(collect, NOTHING, machine({ limit: 1_000_000 }).fake);
    for (let i = 0; i < 3000; i++) capacity.addGarbage(192 * 1024, 3);
    expect(times).toBeGreaterThan(11);
  });
});

/** Spawns processes that wait until one is refused; prints the text of the error, then kills one and tries again. */
const SPAWN_TO_THE_LIMIT = `(module
  (import "lunatic::process" "spawn" (func $spawn (param i64 i64 i64 i32 i32 i32 i32 i32) (result i32)))
  (import "lunatic::process" "sleep_ms" (func $sleep (param i64)))
  (import "lunatic::message" "receive" (func $receive (param i32 i32 i64) (result i32)))
  (import "lunatic::error" "string_size" (func $size (param i64) (result i32)))
  (import "lunatic::error" "to_string" (func $to_string (param i64 i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "child")
  (func (export "child") (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1))))
  (func $try (result i32)
    (call $spawn (i64.const 0) (i64.const -1) (i64.const -1) (i32.const 0) (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 16)))
  (func (export "_start") (local $n i32)
    (loop $more
      (if (i32.eqz (call $try)) (then
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (call $sleep (i64.const 0))
        (br $more))))
    (call $to_string (i64.load (i32.const 16)) (i32.const 100))
    (i32.store (i32.const 32) (i32.const 100))
    (i32.store (i32.const 36) (call $size (i64.load (i32.const 16))))
    (drop (call $write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 40)))
    (call $exit (i32.gt_u (local.get $n) (i32.const 20)))))`;

test('a program is told when there is no room, and goes on', async () => {
  const { state, fake } = machine({ limit: 200 });
  // Each count finds that the processes of the last one are really there.
  const filling: Machine = {
    ...fake,
    countMappings: () => {
      const { mappings } = state;
      state.mappings += 170;
      return mappings;
    },
  };
  const { exit, stdout } = await run(SPAWN_TO_THE_LIMIT, { machine: filling });
  expect(stdout.text).toBe('no room for another process on this machine (memory mappings)');
  expect(exit).toEqual({ kind: 'exited', code: 1 });
});

test('the machine this runs on is never exhausted', { timeout: 60_000 }, async () => {
  const { exit, stdout } = await run(SPAWN_TO_THE_LIMIT);
  expect(stdout.text).toContain('no room for another process on this machine');
  expect(exit).toEqual({ kind: 'exited', code: 1 });
  // What they used is free again for the next ones.
  const again = await run(SPAWN_TO_THE_LIMIT);
  expect(again.exit).toEqual({ kind: 'exited', code: 1 });
});

test('where the address space is used up, V8 is not asked again for every spawn', async () => {
  const { Memory } = WebAssembly;
  let made = 0;
  let refused = 0;
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: ConstructorParameters<typeof Memory>[0]) {
      if (descriptor.initial === 0 && ++made > 4) {
        refused++;
        throw new RangeError('WebAssembly.Memory(): could not allocate memory');
      }
      super(descriptor);
    }
  };
  try {
    const { stdout } = await run(
      guest(`(func (export "child") (drop (call $message.receive (i32.const 0) (i32.const 0) (i64.const -1))))
        (func (export "_start") (local $tries i32) (local $refused i64)
          (loop $again
            (if (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) (text "child")
                (i32.const 0) (i32.const 0) (i32.const 0))
              (then (local.set $refused (i64.add (local.get $refused) (i64.const 1)))))
            (br_if $again (i32.lt_u (local.tee $tries (i32.add (local.get $tries) (i32.const 1))) (i32.const 203))))
          (call $show (text "refused") (local.get $refused)))`),
    );
    expect(stdout.text).toBe('refused 200\n');
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(40);
  } finally {
    WebAssembly.Memory = Memory;
  }
});

test('a memory that is given up ends the time in which memories are refused', () => {
  const capacity = new Capacity(NOTHING, NOTHING, machine({}).fake);
  capacity.refuseMemories(clockTime() - 10_000);
  expect(capacity.admit(1)).toBe('no room for another process on this machine (address space)');
  expect(capacity.admit(0)).toBeNull();
  capacity.addGarbage(1);
  expect(capacity.admit(1)).toBeNull();
});

test('stacks that processes get at their first turn are counted before they are there', () => {
  const { state, fake } = machine({});
  const capacity = new Capacity(NOTHING, NOTHING, fake);
  // Only memories are there so far, with two mappings each.
  let admitted = 0;
  while (capacity.admit(1) === null && admitted < 2000) {
    admitted++;
    state.mappings += 2;
  }
  // Each process gets its stack.
  expect(state.mappings + 3 * admitted).toBeLessThan(1000);
  expect(admitted).toBeGreaterThan(140);
});

test('where hardly any memory is left, what other OS processes take is not blamed on the process that had the turn', () => {
  const MIB = 2 ** 20;
  const { state, fake } = machine({ free: 100 * MIB, used: 50 * MIB });
  // A collection that takes some time: it is not tried again at once.
  const collect = () => {
    const end = clockTime() + 20;
    while (clockTime() < end);
  };
  const capacity = new Capacity(collect, NOTHING, fake);
  // The first look comes too early for anything.
  capacity.watch();
  expect(capacity.watch()).toBe('memory');
  state.free -= MIB;
  expect(capacity.watch()).toBe('no more memory');
  state.free -= MIB;
  state.used += MIB;
  expect(capacity.watch()).toBe('less memory');
  state.used += MIB;
  expect(capacity.watch()).toBe('no more memory');
});
