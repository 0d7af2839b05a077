import { expect, test } from 'vitest';
import { ProcessConfig, Runtime } from '../../../runtime/internal.ts';
import { LazyPlacement } from '../../../runtime/kernel/lazy-placement.ts';
import { Where } from '../../../runtime/kernel/where.ts';
import { guest } from '../../support/guest.ts';
import { assemble, Capture, Feed } from '../../support/program.ts';

/** Some milliseconds of computing. */
const COMPUTES = guest(`(func (export "_start") (local $left i32)
  (local.set $left (i32.const 10000000))
  (loop $on (br_if $on (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))`);

/**
 * Runs three programs at the same time.
 * @param patience milliseconds
 * @param where where their root processes may begin
 * @returns how often the code for several schedulers was asked for
 */
async function askedFor(patience: number, where: Where): Promise<number> {
  const runtime = new Runtime();
  const module = runtime.load(await assemble(COMPUTES));
  let asked = 0;
  runtime.scheduler.placement = new LazyPlacement(
    runtime.scheduler,
    () => {
      asked++;
      return Promise.reject(new Error('there are none'));
    },
    patience,
  );
  const stdio = { input: new Feed(), output: new Capture(), error: new Capture() };
  const config = ProcessConfig.forRoot();
  const onCreated = (root: { where: Where }) => {
    root.where = where;
  };
  const roots = await Promise.all([1, 2, 3].map(() => runtime.run(module, { config, stdio, onCreated })));
  const exits = await Promise.all(roots.map(({ ended }) => ended));
  expect(exits.map(({ kind }) => kind)).toEqual(['returned', 'returned', 'returned']);
  return asked;
}

test('programs that keep each other waiting ask for other schedulers', async () => {
  expect(await askedFor(1, Where.Usual)).toBe(1);
});

test('programs that have ended before patience is over do not', async () => {
  expect(await askedFor(10_000, Where.Usual)).toBe(0);
});

test('programs that are to stay do not', async () => {
  expect(await askedFor(1, Where.Beside)).toBe(0);
});
