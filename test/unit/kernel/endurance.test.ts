import { readFileSync } from 'node:fs';
import { getHeapSpaceStatistics } from 'node:v8';
import { expect, test } from 'vitest';
import { start } from '../../support/program.ts';

/** Spawns and kills processes in rounds; prints a byte after each round. */
const spawnAndKill = (child: string, alive: number, rounds: number) => `(module
  (import "lunatic::process" "spawn" (func $spawn (param i64 i64 i64 i32 i32 i32 i32 i32) (result i32)))
  (import "lunatic::process" "kill" (func $kill (param i64)))
  (import "lunatic::message" "receive" (func $receive (param i32 i32 i64) (result i32)))
  (import "lunatic::trap" "catch" (func $catch (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "child")
  (data (i32.const 56) "\\00\\00\\00\\00\\01\\00\\00\\00")
  (func $wait (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1))))
  (func (export "_lunatic_catch_trap") (param i32 i32) (result i32) (call $wait) (i32.const 1))
  (func (export "child") (i32.store (i32.const 60000) (i32.const 1)) ${child})
  (func $slot (param i32) (result i32) (i32.add (i32.const 128) (i32.mul (i32.const 8) (local.get 0))))
  (func (export "_start") (local $i i32) (local $round i32)
    (loop $rounds
      (local.set $i (i32.const 0))
      (loop $spawns
        (if (call $spawn (i64.const 0) (i64.const -1) (i64.const -1) (i32.const 0) (i32.const 5)
              (i32.const 0) (i32.const 0) (call $slot (local.get $i))) (then unreachable))
        (br_if $spawns (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${alive}))))
      (drop (call $yield))
      (local.set $i (i32.const 0))
      (loop $kills
        (call $kill (i64.load (call $slot (local.get $i))))
        (br_if $kills (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${alive}))))
      (drop (call $yield))
      (drop (call $write (i32.const 1) (i32.const 56) (i32.const 1) (i32.const 40)))
      (br_if $rounds (i32.lt_u (local.tee $round (i32.add (local.get $round) (i32.const 1))) (i32.const ${rounds})))))
)`;

interface Footprint {
  /** MiB of memory of this Node without V8's young generation, whose size is what it last needed to be. */
  readonly resident: number;
  /** Memory mappings of this OS process; 0 if they cannot be counted. */
  readonly mappings: number;
}

function footprint(): Footprint {
  // A plain collection leaves V8 some 100 MiB of pages that it freed, more or less as its heap was large before.
  for (let i = 0; i < 2; i++) globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  const mappings =
    process.platform === 'linux' ? readFileSync('/proc/self/maps', 'latin1').split('\n').length : 0;
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  const resident = process.memoryUsage().rss - (young?.physical_space_size ?? 0);
  return { resident: resident / 2 ** 20, mappings };
}

/** Runs the rounds and compares what the scheduler holds after a quarter of the processes and after the last. */
async function endure(
  child: string,
  alive: number,
  total: number,
): Promise<{ first: Footprint; last: Footprint }> {
  const rounds = Math.ceil(total / alive);
  const firstRounds = Math.ceil(total / 4 / alive);
  const footprints: Footprint[] = [];
  let round = 0;
  const program = await start(spawnAndKill(child, alive, rounds));
  program.stdout.write = () => {
    round++;
    program.exits.length = 0;
    if (round !== firstRounds && round !== rounds) return null;
    // Between rounds, the root process is the only one.
    expect(program.root.environment.size).toBe(1);
    footprints.push(footprint());
    return null;
  };
  expect(await program.root.ended).toEqual({ kind: 'returned' });
  const [first, last] = footprints;
  if (first === undefined || last === undefined)
    throw new Error(`measured ${footprints.length} times, not twice`);
  return { first, last };
}

function expectSteady({ first, last }: { first: Footprint; last: Footprint }): void {
  expect(last.resident, `${first.resident} MiB at first`).toBeLessThan(first.resident + 64);
  expect(last.mappings, `${first.mappings} mappings at first`).toBeLessThan(first.mappings + 1500);
}

// Without the pool of memories, V8 dies after some 150,000.
test('400,000 processes come and go, thousands at a time, and leave nothing', {
  timeout: 200_000,
}, async () => {
  expectSteady(await endure('(call $wait)', 4000, 400_000));
});

test.each([
  [
    'catch every exception',
    '(loop $again (try (do (call $wait)) (catch_all (br $again)))) (loop $never (br $never))',
    2000,
    40_000,
  ],
  ['loop', '(loop $forever (br $forever))', 50, 1000],
  ['wait inside trap::catch', '(drop (call $catch (i32.const 0) (i32.const 0)))', 1000, 40_000],
  ['have grown their memory', '(drop (memory.grow (i32.const 3))) (call $wait)', 2000, 40_000],
])('killed processes that %s leave nothing', { timeout: 120_000 }, async (_, child, alive, total) => {
  expectSteady(await endure(child, alive, total));
});
