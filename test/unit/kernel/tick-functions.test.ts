import { expect, test } from 'vitest';
import { DeferredWait } from '../../../runtime/kernel/deferred-wait.ts';
import { tickFunctions } from '../../../runtime/kernel/tick-functions.ts';
import { assembleText } from '../../../runtime/wat/index.ts';

/** Calls `tick` and `refuel` twice each, and gives what `refuel` returned together. */
const GUEST = `(module
  (import "k" "tick" (func $tick)) (import "k" "refuel" (func $refuel (result i32)))
  (func (export "run") (result i32) (call $tick) (call $tick) (i32.add (call $refuel) (call $refuel))))`;

/** Logs the calls, and a microtask that the first one has begun. */
async function run(
  tick: () => Promise<number> | undefined,
  refuel: () => number | Promise<number>,
): Promise<{ log: string[]; fuel: unknown }> {
  const log: string[] = [];
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const imports = tickFunctions({
    tick: () => {
      if (log.push('tick') === 1) queueMicrotask(() => log.push('other'));
      return tick();
    },
    refuel: () => {
      log.push('refuel');
      return refuel();
    },
    deferred: new DeferredWait(memory),
    scratch: { memory },
  });
  const module = new WebAssembly.Module(new Uint8Array(await assembleText(GUEST, 'test.wat')));
  const { exports } = new WebAssembly.Instance(module, { k: { ...imports } });
  const fuel = await WebAssembly.promising(exports['run'] as () => unknown)();
  return { log, fuel };
}

test('ticks that give way to nobody do not suspend', async () => {
  expect(
    await run(
      () => undefined,
      () => 21,
    ),
  ).toEqual({
    log: ['tick', 'tick', 'refuel', 'refuel', 'other'],
    fuel: 42,
  });
});

test('ticks that give way suspend', async () => {
  expect(
    await run(
      () => Promise.resolve(0),
      () => Promise.resolve(21),
    ),
  ).toEqual({
    log: ['tick', 'other', 'tick', 'refuel', 'refuel'],
    fuel: 42,
  });
});
