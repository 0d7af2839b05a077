import { DatabaseSync } from 'node:sqlite';
import { type Exit, ProcessConfig, Runtime } from '../../runtime/internal.ts';
import { assembleText } from '../../runtime/wat/index.ts';
import { Capture, Feed } from '../support/program.ts';
import { alternate } from './alternate.ts';
import type { Benchmark } from './benchmark.ts';

const ROWS = 100_000;
const ROUNDS = 5;
const CREATE = 'CREATE TABLE t (a INTEGER, b TEXT)';
const INSERT = 'INSERT INTO t VALUES (?, ?)';
const TEXT = 'twenty bytes of text';

/**
 * Inserts the rows in one transaction, and prints how long that took in nanoseconds and how many there are then. The bind
 * list is two pairs: (Numeric 1, Int64 n) and (Numeric 2, Text).
 *
 *     0x200 count   0x208 key 1   0x214 value 1, n at 0x218   0x220 key 2   0x22c value 2   0x238 the text
 */
const PROGRAM = `(module
  (import "lunatic::sqlite" "open" (func $open (param i32 i32 i32) (result i64)))
  (import "lunatic::sqlite" "execute" (func $execute (param i64 i32 i32) (result i32)))
  (import "lunatic::sqlite" "query_prepare" (func $prepare (param i64 i32 i32) (result i64)))
  (import "lunatic::sqlite" "bind_value" (func $bind (param i64 i32 i32)))
  (import "lunatic::sqlite" "sqlite3_step" (func $step (param i64) (result i32)))
  (import "lunatic::sqlite" "statement_reset" (func $reset (param i64)))
  (import "lunatic::sqlite" "read_column" (func $read_column (param i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0x400) ":memory:") (data (i32.const 0x410) "BEGIN") (data (i32.const 0x420) "COMMIT")
  (data (i32.const 0x430) "SELECT count(*) FROM t") (data (i32.const 0x460) "${CREATE}") (data (i32.const 0x4a0) "${INSERT}")
  (data (i32.const 0x200) "\\02\\00\\00\\00\\00\\00\\00\\00"
    "\\01\\00\\00\\00\\01\\00\\00\\00\\00\\00\\00\\00" "\\05\\00\\00\\00........"
    "\\01\\00\\00\\00\\02\\00\\00\\00\\00\\00\\00\\00" "\\02\\00\\00\\00\\14\\00\\00\\00\\00\\00\\00\\00${TEXT}")
  (func (export "lunatic_alloc") (param i32) (result i32) (i32.const 0x1000))
  (func $now (result i64) (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 0x100))) (i64.load (i32.const 0x100)))
  (func $run (param $sql i32) (param $length i32)
    (if (call $execute (i64.const 0) (local.get $sql) (local.get $length)) (then unreachable)))
  (func (export "_start") (local $insert i64) (local $n i64) (local $since i64)
    (if (i64.ne (call $open (i32.const 0x400) (i32.const 8) (i32.const 0)) (i64.const 0)) (then unreachable))
    (call $run (i32.const 0x460) (i32.const ${CREATE.length}))
    (local.set $since (call $now))
    (local.set $insert (call $prepare (i64.const 0) (i32.const 0x4a0) (i32.const ${INSERT.length})))
    (call $run (i32.const 0x410) (i32.const 5))
    (loop $next
      (i64.store (i32.const 0x218) (local.get $n))
      (call $bind (local.get $insert) (i32.const 0x200) (i32.const ${0x38 + TEXT.length}))
      (if (i32.ne (call $step (local.get $insert)) (i32.const 101)) (then unreachable))
      (call $reset (local.get $insert))
      (br_if $next (i64.lt_u (local.tee $n (i64.add (local.get $n) (i64.const 1))) (i64.const ${ROWS}))))
    (call $run (i32.const 0x420) (i32.const 6))
    (i64.store (i32.const 0x110) (i64.sub (call $now) (local.get $since)))
    (local.set $insert (call $prepare (i64.const 0) (i32.const 0x430) (i32.const 22)))
    (drop (call $step (local.get $insert)))
    (i64.store (i32.const 0x118) (i64.load (i32.add (i32.const 4)
      (call $read_column (local.get $insert) (i32.const 0) (i32.const 0x120)))))
    (i32.store (i32.const 0x130) (i32.const 0x110)) (i32.store (i32.const 0x134) (i32.const 16))
    (drop (call $write (i32.const 1) (i32.const 0x130) (i32.const 1) (i32.const 0x138)))))`;

async function insertAsGuest(binary: Uint8Array): Promise<number> {
  const runtime = new Runtime();
  const output = new Capture();
  const config = ProcessConfig.forRoot();
  config.preopenedDirectories.push({ guestPath: '.', hostPath: '.' });
  const stdio = { input: new Feed(), output, error: new Capture() };
  const root = await runtime.run(runtime.load(binary), { config, stdio });
  const exit: Exit = await root.ended;
  if (exit.kind !== 'returned') throw new Error(`the guest failed: ${JSON.stringify(exit)}`);
  const { bytes } = output;
  check(Number(bytes.readBigUint64LE(8)));
  return Number(bytes.readBigUint64LE(0)) / 1000 / ROWS;
}

function insertStraight(): number {
  const database = new DatabaseSync(':memory:');
  database.exec(CREATE);
  const start = performance.now();
  const insert = database.prepare(INSERT);
  database.exec('BEGIN');
  for (let n = 0; n < ROWS; n++) insert.run(n, TEXT);
  database.exec('COMMIT');
  const took = performance.now() - start;
  const count = database.prepare('SELECT count(*) AS count FROM t').get();
  database.close();
  check(Number(count?.['count']));
  return (took * 1000) / ROWS;
}

function check(count: number): void {
  if (count !== ROWS) throw new Error(`${count} rows of ${ROWS} are there`);
}

export const sqlite: Benchmark = {
  rows: [
    {
      name: 'SQLite insert',
      unit: 'us',
      what: `one of ${ROWS} rows, inserted by a guest in one transaction: bind, step, reset; beside node:sqlite straight`,
      peer: 'node:sqlite',
      better: 'less',
      must: 1 / 0.3,
      aim: 1 / 0.7,
    },
  ],
  async measure() {
    const binary = await assembleText(PROGRAM, 'sqlite.wat');
    return [
      await alternate(
        ROUNDS,
        () => insertAsGuest(binary),
        () => Promise.resolve(insertStraight()),
      ),
    ];
  },
};
