import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lunatic } from '../support/command.ts';
import { guest } from '../support/guest.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-collections-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A root process that gives way half a million times, which makes 100 MB of garbage, beside others that wait. */
const program = (waiting: number) =>
  guest(`
    (func (export "wait") (call $forever))
    (func (export "_start") (local $i i32)
      (loop $spawn
        (if (i32.lt_u (local.get $i) (i32.const ${waiting})) (then
          (drop (call $spawn (i64.const 0) (text "wait")))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $spawn))))
      (local.set $i (i32.const 0))
      (loop $again
        (drop (call $sched_yield))
        (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 500000)))))`);

/** How often V8 collects its young generation while the command runs. */
async function collections(waiting: number): Promise<number> {
  const path = join(folder, `${waiting}.wat`);
  writeFileSync(path, program(waiting));
  const { stdout, stderr, exitCode } = await lunatic(['run', path], { nodeArgs: ['--trace-gc'] });
  expect(exitCode, stderr).toBe(0);
  return [...stdout.matchAll(/ ms: Scavenge /g)].length;
}

test('the more processes wait, whose stacks each collection reads, the rarer V8 collects', async () => {
  const few = await collections(10);
  const many = await collections(9000);
  // To begin so many processes takes some collections, too.
  expect(many).toBeLessThan(few);
  expect(few).toBeGreaterThan(8);
});
