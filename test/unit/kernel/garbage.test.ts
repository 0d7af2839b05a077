import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { memoryUsage } from 'node:process';
import { expect, test } from 'vitest';
import { projectFolder } from '../../support/command.ts';
import { run, start } from '../../support/program.ts';

const HEAD = `
  (import "lunatic::process" "spawn" (func $spawn (param i64 i64 i64 i32 i32 i32 i32 i32) (result i32)))
  (import "lunatic::message" "receive" (func $receive (param i32 i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (func $child (if (call $spawn (i64.const 0) (i64.const -1) (i64.const -1) (i32.const 0) (i32.const 5)
    (i32.const 0) (i32.const 0) (i32.const 16)) (then unreachable)))
  (func $wait (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1))))
  (data (i32.const 0) "child")`;

/** Spawns processes of a module with 1500 functions and a memory of 2 MiB, which all wait. */
const waiters = (count: number) => `(module ${HEAD}
  (memory (export "memory") 32)
  ${'(func)'.repeat(1500)}
  (func (export "child") (call $wait))
  (func (export "_start") (local $i i32)
    (loop $spawns
      (call $child)
      (drop (call $yield))
      (br_if $spawns (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${count}))))))`;

/** Spawns processes one after the other. Each grows its memory by 32 MiB, writes to all of it, and ends. */
const growers = (count: number) => `(module ${HEAD}
  (memory (export "memory") 1)
  (func (export "child")
    (drop (memory.grow (i32.const 512)))
    (memory.fill (i32.const 65536) (i32.const 1) (i32.const 33554432)))
  (func (export "_start") (local $i i32)
    (loop $spawns
      (call $child)
      (drop (call $yield))
      (br_if $spawns (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${count}))))))`;

/** Collections of the whole heap that V8 makes meanwhile. */
async function collections(action: () => Promise<void>): Promise<number> {
  const { constants, PerformanceObserver } = process.getBuiltinModule('node:perf_hooks');
  let count = 0;
  const take = (entries: readonly object[]) => {
    for (const entry of entries) {
      const { detail } = entry as { detail?: { kind?: number } };
      if (detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR) count++;
    }
  };
  const observer = new PerformanceObserver((list) => take(list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  await action();
  // Entries are queued for the observer.
  await new Promise((done) => setImmediate(done));
  take(observer.takeRecords());
  observer.disconnect();
  return count;
}

test('thousands of processes are spawned without a collection for each sixty megabytes of their memories', async () => {
  const PROCESSES = 3000;
  const count = await collections(async () => {
    const program = await start(waiters(PROCESSES));
    expect(await program.root.ended).toEqual({ kind: 'returned' });
    expect(program.root.environment.size).toBe(PROCESSES);
    program.root.stop();
  });
  // If V8 counted the memories, it would be more than 40; with the default limits for all else that is external, 12.
  expect(count).toBeLessThan(8);
});

test('memories of processes that have ended do not add up', async () => {
  globalThis.gc?.();
  const before = memoryUsage.rss();
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, memoryUsage.rss());
  }, 1);
  const { exit } = await run(growers(100));
  clearInterval(watch);
  expect(exit).toEqual({ kind: 'returned' });
  // All of them together are 3.2 GB.
  expect(Math.max(peak, memoryUsage.rss()) - before).toBeLessThan(1.2e9);
});

test('garbage is collected also where Node was started without --expose-gc', () => {
  const program = `
    const { collectGarbage } = await import(${JSON.stringify(join(projectFolder, 'runtime/kernel/garbage.ts'))});
    const ended = new WeakRef({});
    await new Promise((done) => setImmediate(done));
    if (globalThis.gc !== undefined || ended.deref() === undefined) throw new Error('collected before');
    // A reference that was followed keeps what it refers to for the rest of the turn.
    await new Promise((done) => setImmediate(done));
    collectGarbage();
    console.log(ended.deref() === undefined ? 'collected' : 'still there');`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });
  expect({ stdout, stderr }).toEqual({ stdout: 'collected\n', stderr: '' });
});

test('V8 knows the flag that is set for many instances', () => {
  const flags = spawnSync(process.execPath, ['--v8-options'], { encoding: 'utf8' }).stdout;
  expect(process.versions.v8).toMatch(/^1[34]\./);
  expect(flags).toContain('--external-memory-accounted-in-global-limit');
});
