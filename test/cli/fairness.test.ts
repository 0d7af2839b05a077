import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lunatic } from '../support/command.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-fairness-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * A root that spawns two endless loops and then sleeps for 1 ms a hundred times, noting the longest delay. Time is
 * that of the thread (clock 3), which stands still while other programs have the processor.
 */
const sleeper = (loop: string) => `(module
  (import "lunatic::process" "spawn" (func $spawn (param i64 i64 i64 i32 i32 i32 i32 i32) (result i32)))
  (import "lunatic::process" "sleep_ms" (func $sleep (param i64)))
  (import "lunatic::process" "process_id" (func $id (result i64)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "endless")
  (table 1 funcref) (elem (i32.const 0) $recursive)
  (func $now (result i64) (drop (call $clock (i32.const 3) (i64.const 0) (i32.const 16))) (i64.load (i32.const 16)))
  (func $recursive (result i32) (return_call_indirect (result i32) (i32.const 0)))
  (func (export "endless") ${loop})
  (func (export "_start") (local $i i32) (local $before i64) (local $late i64) (local $worst i64)
    (drop (call $spawn (i64.const 0) (i64.const -1) (i64.const -1) (i32.const 0) (i32.const 7) (i32.const 0) (i32.const 0) (i32.const 32)))
    (drop (call $spawn (i64.const 0) (i64.const -1) (i64.const -1) (i32.const 0) (i32.const 7) (i32.const 0) (i32.const 0) (i32.const 32)))
    (loop $again
      (local.set $before (call $now))
      (call $sleep (i64.const 1))
      (local.set $late (i64.sub (i64.sub (call $now) (local.get $before)) (i64.const 1000000)))
      (if (i64.gt_s (local.get $late) (local.get $worst)) (then (local.set $worst (local.get $late))))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))
    ;; the worst delay in units of 0.1 ms is the code it exits with; not 0, since a slice takes longer
    (call $exit (i32.wrap_i64 (i64.div_s (local.get $worst) (i64.const 100000))))))`;

/** Milliseconds by which a process is late, at most: with one scheduler, and while another one is started. */
const LATE = 10;
const LATE_AT_START = 20;

/** Runs a sleeper beside two loops. Returns the worst delay, in milliseconds. */
async function worstDelay(loop: string, schedulers: string): Promise<number> {
  // In a Node of its own: the tests' own heap would add its collections.
  const path = join(folder, 'sleeper.wat');
  writeFileSync(path, sleeper(loop));
  const { stderr } = await lunatic(['run', '--schedulers', schedulers, '--log', 'info', path]);
  // What the command ends with would be cut to eight bits, and a long delay could look like a short one.
  const tenths = /^ {4}exited with code (\d+)\n$/m.exec(stderr)?.[1];
  expect(tenths, stderr).toBeDefined();
  return Number(tenths) / 10;
}

const EMPTY_LOOP = '(loop $l (br $l))';

test.each([
  ['an empty loop', EMPTY_LOOP],
  [
    'a loop that calls',
    '(local i32) (loop $l (drop (call $id)) (br_if $l (i32.eqz (local.tee 0 (i32.const 0)))))',
  ],
  ['tail calls', '(drop (call $recursive))'],
  [
    'a computing loop',
    '(local i64) (loop $l (local.set 0 (i64.mul (i64.add (local.get 0) (i64.const 3)) (i64.const 7))) (br $l))',
  ],
])('beside two processes in %s a sleeping one is never more than 10 ms late', async (_, loop) => {
  expect(await worstDelay(loop, '1'), 'milliseconds').toBeLessThanOrEqual(LATE);
});

test('while another scheduler is started for them it is never more than 20 ms late', async () => {
  expect(await worstDelay(EMPTY_LOOP, '2'), 'milliseconds').toBeLessThanOrEqual(LATE_AT_START);
});
