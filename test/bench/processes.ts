/**
 * What processes and messages cost, in ratios to Erlang's in the same run where `erl` is on the machine.
 *
 *     node --expose-gc test/bench/processes.ts [filter]
 *
 * Of several runs the best counts: noise only ever adds.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../support/program.ts';

const RUNS = 5;

const PRELUDE = `
  (import "lunatic::process" "spawn" (func $spawn (param i64 i64 i64 i32 i32 i32 i32 i32) (result i32)))
  (import "lunatic::process" "process_id" (func $self (result i64)))
  (import "lunatic::process" "sleep_ms" (func $sleep (param i64)))
  (import "lunatic::message" "create_data" (func $create_data (param i64 i64)))
  (import "lunatic::message" "write_data" (func $write_data (param i32 i32) (result i32)))
  (import "lunatic::message" "read_data" (func $read_data (param i32 i32) (result i32)))
  (import "lunatic::message" "send" (func $send_message (param i64) (result i32)))
  (import "lunatic::message" "receive" (func $receive_message (param i32 i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "echo") (data (i32.const 8) "pass") (data (i32.const 16) "tell") (data (i32.const 24) "wait")
  (func $send (param $to i64)
    (call $create_data (i64.const 1) (i64.const 16))
    (drop (call $write_data (i32.const 64) (i32.const 16)))
    (drop (call $send_message (local.get $to))))
  (func $receive
    (drop (call $receive_message (i32.const 0) (i32.const 0) (i64.const -1)))
    (drop (call $read_data (i32.const 64) (i32.const 16))))
  (func $now (result i64) (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 200))) (i64.load (i32.const 200)))
  ;; Prints how long the work took: nanoseconds, as eight bytes.
  (func $report (param $since i64)
    (i64.store (i32.const 208) (i64.sub (call $now) (local.get $since)))
    (i32.store (i32.const 216) (i32.const 208)) (i32.store (i32.const 220) (i32.const 8))
    (drop (call $write (i32.const 1) (i32.const 216) (i32.const 1) (i32.const 224))))
  ;; Spawns the function whose name is at an address with a process id as its parameter.
  (func $spawn_with (param $name i32) (param $id i64) (result i64)
    (i32.store8 (i32.const 128) (i32.const 0x7e)) (i64.store (i32.const 129) (local.get $id))
    (if (call $spawn (i64.const 0) (i64.const -1) (i64.const -1) (local.get $name) (i32.const 4)
          (i32.const 128) (i32.const 17) (i32.const 160)) (then unreachable))
    (i64.load (i32.const 160)))
  (func (export "echo") (param $to i64) (loop $forever (call $receive) (call $send (local.get $to)) (br $forever)))
  (func (export "pass") (param $to i64) (loop $forever (call $receive) (call $send (local.get $to)) (br $forever)))
  (func (export "tell") (param $to i64) (call $send (local.get $to)))
  (func (export "wait") (param i64) (call $receive))
  (func $repeat_wait (param $n i32)
    (if (local.get $n) (then
      (loop $next (drop (call $spawn_with (i32.const 24) (i64.const 0)))
        (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))))`;

const roundTrip = (n: number, waiting: number) => `(module ${PRELUDE}
  (func (export "_start") (local $echo i64) (local $n i32) (local $since i64)
    (call $repeat_wait (i32.const ${waiting}))
    (call $sleep (i64.const 0))
    (local.set $echo (call $spawn_with (i32.const 0) (call $self)))
    (local.set $n (i32.const ${n}))
    (local.set $since (call $now))
    (loop $next (call $send (local.get $echo)) (call $receive)
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $report (local.get $since))))`;

const ring = (n: number) => `(module ${PRELUDE}
  (func (export "_start") (local $next i64) (local $n i32) (local $since i64)
    (local.set $next (call $self))
    (local.set $n (i32.const 999))
    (loop $spawn (local.set $next (call $spawn_with (i32.const 8) (local.get $next)))
      (br_if $spawn (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.set $n (i32.const ${n / 1000}))
    (local.set $since (call $now))
    (loop $round (call $send (local.get $next)) (call $receive)
      (br_if $round (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $report (local.get $since))))`;

const spawnToExit = (n: number) => `(module ${PRELUDE}
  (func (export "_start") (local $n i32) (local $since i64)
    (local.set $n (i32.const ${n}))
    (local.set $since (call $now))
    (loop $next (drop (call $spawn_with (i32.const 16) (call $self))) (call $receive)
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $report (local.get $since))))`;

interface Row {
  readonly name: string;
  /** Operations in a run. */
  readonly count: number;
  readonly program: (count: number) => string;
  /** The Erlang program that does the same, or another row. */
  readonly peer: { readonly erlang: string } | { readonly row: string };
  readonly must: number;
  readonly aim: number;
}

const ROWS: readonly Row[] = [
  {
    name: 'round trip',
    count: 200_000,
    program: (n) => roundTrip(n, 0),
    peer: { erlang: 'round-trip' },
    must: 2.5,
    aim: 1,
  },
  {
    name: 'round trip, 10,000 waiting',
    count: 200_000,
    program: (n) => roundTrip(n, 10_000),
    peer: { row: 'round trip' },
    must: 2,
    aim: 1.15,
  },
  {
    name: 'hop in a ring of 1,000',
    count: 200_000,
    program: ring,
    peer: { erlang: 'ring' },
    must: 2.5,
    aim: 1,
  },
  {
    name: 'spawn to exit',
    count: 50_000,
    program: spawnToExit,
    peer: { erlang: 'spawn' },
    must: 6,
    aim: 2.5,
  },
];

/** Microseconds an operation takes, by the program's own clock. */
async function measure({ count, program }: Row): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < RUNS; i++) {
    const { exit, stdout } = await run(program(count));
    // Only a program that got through all of its work reports.
    if (exit.kind !== 'returned') throw new Error(`the program failed: ${JSON.stringify(exit)}`);
    best = Math.min(best, Number(stdout.bytes.readBigUint64LE()) / 1000 / count);
  }
  return best;
}

/** Runs the Erlang programs; null where there is no Erlang. */
class Erlang {
  readonly #folder = mkdtempSync(join(tmpdir(), 'lunatic-bench-'));
  readonly #available: boolean;

  constructor() {
    copyFileSync(
      join(import.meta.dirname, 'erlang', 'lunatic_peer.erl'),
      join(this.#folder, 'lunatic_peer.erl'),
    );
    this.#available =
      this.#try(() => execFileSync('erlc', ['lunatic_peer.erl'], { cwd: this.#folder })) !== null;
  }

  /** Microseconds an operation takes on one scheduler. */
  measure(name: string, count: number): number | null {
    if (!this.#available) return null;
    const args = ['+S', '1', '-noshell', '-eval', `lunatic_peer:main(["${name}", "${count}"]).`];
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < RUNS; i++) {
      const output = this.#try(() => execFileSync('erl', args, { cwd: this.#folder, encoding: 'utf8' }));
      if (output === null) return null;
      best = Math.min(best, Number.parseFloat(output) / 1000);
    }
    return best;
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }

  #try<T>(action: () => T): T | null {
    try {
      return action();
    } catch {
      return null;
    }
  }
}

const filter = process.argv[2] ?? '';
const erlang = new Erlang();
const measured = new Map<string, number>();
console.log('                               us each      peer     ratio    must     aim');
for (const row of ROWS.filter(({ name }) => name.includes(filter))) {
  const value = await measure(row);
  measured.set(row.name, value);
  const peer =
    'row' in row.peer ? (measured.get(row.peer.row) ?? null) : erlang.measure(row.peer.erlang, row.count);
  const columns = [
    row.name.padEnd(28),
    value.toFixed(2),
    peer === null ? '-' : peer.toFixed(2),
    peer === null ? '-' : (value / peer).toFixed(2),
    row.must.toFixed(2),
    row.aim.toFixed(2),
  ];
  console.log(columns.map((column, i) => (i === 0 ? column : column.padStart(9))).join(' '));
}
erlang.close();
