import { DRAFT_AT, HOST_SHIM_MODULE, leb, section, smallModule } from '../wasm/index.ts';
import type { DeferredWait } from './deferred-wait.ts';

/** What rewritten modules call to give way to others. */
export interface TickFunctions {
  readonly tick: WebAssembly.ImportValue;
  readonly refuel: WebAssembly.ImportValue;
}

/** What they ask, and what they wait for if that is a promise. */
interface Host {
  readonly tick: () => Promise<number> | undefined;
  readonly refuel: () => number | Promise<number>;
  readonly deferred: DeferredWait;
  readonly scratch: { readonly memory: WebAssembly.Memory };
}

/**
 * Makes functions that seldom wait:
 *
 *     (func (export "tick")
 *       (drop (call $tick))
 *       (if (i32.load $waits (i32.const 0))
 *         (then (i32.store $waits (i32.const 0) (i32.const 0)) (drop (call $wait)))))
 *     (func (export "refuel") (result i32) (local $fuel i32)
 *       (local.set $fuel (call $refuel))
 *       (if (i32.load $waits (i32.const 0))
 *         (then (i32.store $waits (i32.const 0) (i32.const 0)) (local.set $fuel (call $wait))))
 *       (local.get $fuel))
 */
export function tickFunctions({ tick, refuel, deferred, scratch }: Host): TickFunctions {
  const imports = {
    m: scratch.memory,
    t: () => deferred.of(tick() ?? 0),
    r: () => deferred.of(refuel()),
    w: new WebAssembly.Suspending(deferred.wait),
  };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(MODULE), { '': imports });
  const { t, r } = exports;
  return { tick: t as WebAssembly.ImportValue, refuel: r as WebAssembly.ImportValue };
}

const I32 = 0x7f;
const [TICK, REFUEL, WAIT] = [0, 1, 2];
const text = (name: string) => [name.length, ...Buffer.from(name)];
const WAITS = [2, ...leb(DRAFT_AT.waits)];

/** Calls a function, and waits if it has to; its result is in the only local then. */
const body = (fn: number, end: readonly number[]) => {
  const code = [
    ...[1, 1, I32, 0x10, fn, 0x21, 0], // (local.set 0 (call $fn))
    ...[0x41, 0, 0x28, ...WAITS, 0x04, 0x40], // (if (i32.load $waits (i32.const 0)) (then
    ...[0x41, 0, 0x41, 0, 0x36, ...WAITS], // (i32.store $waits (i32.const 0) (i32.const 0))
    ...[0x10, WAIT, 0x21, 0, 0x0b], // (local.set 0 (call $wait))))
    ...[...end, 0x0b],
  ];
  return [...leb(code.length), ...code];
};

const MODULE = smallModule(
  section(1, [2, 0x60, 0, 0, 0x60, 0, 1, I32]),
  section(2, [
    ...[4, 0, ...text('t'), 0, 1, 0, ...text('r'), 0, 1],
    ...[0, ...text('w'), 0, 1, 0, ...text('m'), 2, 1, 1, 1],
  ]),
  section(3, [2, 0, 1]),
  section(7, [2, ...text('t'), 0, 3, ...text('r'), 0, 4]),
  section(10, [2, ...body(TICK, []), ...body(REFUEL, [0x20, 0])]),
  // Stacks of guests are shown without frames of a module of this name.
  section(0, [...text('name'), 0, HOST_SHIM_MODULE.length + 1, ...text(HOST_SHIM_MODULE)]),
);
