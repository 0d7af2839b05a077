import { expect, test } from 'vitest';
import { releaseEndedStacks } from '../../../runtime/kernel/ended-stacks.ts';
import { assemble } from '../../support/program.ts';

test('the memory of stacks that have ended comes back', async () => {
  const bytes = await assemble(`(module (import "" "wait" (func $wait)) (memory 1)
    (func $deep (export "deep") (param i32) (local i64 i64 i64 i64)
      (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)))) (else (call $wait)))
      (drop (i32.load (i32.const 0)))))`);
  const failures: ((error: Error) => void)[] = [];
  const wait = () => new Promise<void>((_, fail) => failures.push(fail));
  const instance = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)), {
    '': { wait: new WebAssembly.Suspending(wait) },
  });
  const deep = WebAssembly.promising(instance.exports['deep'] as (depth: number) => void);
  const ended = Array.from({ length: 300 }, () => deep(9000).catch(() => {}));
  const taken = process.memoryUsage.rss();
  for (const fail of failures) fail(new Error('it is over'));
  await Promise.all(ended);
  releaseEndedStacks();
  expect(taken - process.memoryUsage.rss()).toBeGreaterThan(100 * 2 ** 20);
});
