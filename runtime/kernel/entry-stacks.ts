import { HOST_SHIM_MODULE, leb, section, smallModule } from '../wasm/index.ts';
import { ENTRY_SHAPES, type EntryValue } from './entry.ts';

/** An exported function of a guest. */
export type EntryFunction = (...params: (number | bigint)[]) => unknown;

/** The most stacks that are kept: every young collection walks them, and each takes mappings of the operating system. */
const MAX_IDLE = 4;

/** Targets of a call of which V8 keeps none: it remembers up to four, to inline them, and with them their instances. */
const TOO_MANY_TARGETS = 5;

/** Where the module finds what it calls a function with: the first value, the second one, and their shape. */
const VALUE_SIZE = 8;
const SHAPE_AT = 16;

/**
 * The stacks on which entry functions run. To make a stack that can be suspended takes longer than all else in the life of a
 * short process, since V8 makes four functions and three promises for it. So when an entry function has returned, its stack is
 * kept, and calls that of another process:
 *
 *     (func (export "run") (param $entry funcref)
 *       (loop $again
 *         (local.get $entry)
 *         (local.set $entry (ref.null func))
 *         (call $call)
 *         (local.set $entry (call $next))     ;; ends that process, and waits for another one
 *         (br_if $again (i32.eqz (ref.is_null (local.get $entry))))))
 *     (func $call (export "call") (param $entry funcref)
 *       ... (return_call_ref $shape (values of the shape...) (ref.cast (ref $shape) (local.get $entry))))
 *
 * Every young collection reads the frames of all waiting processes, and what they refer to, from memory that is cold. So
 * `$call` leaves no frame, and `$entry` is null during the call. An idle stack would keep its last process's instance, too.
 *
 * A process that ends otherwise unwinds its stack, which is gone then. Nothing of a process is left on a stack that is kept:
 * this frame has no other local, and wasm reads no frame that it has not written.
 */
export class EntryStacks {
  /** Continues an idle stack with another function, or ends it with null. */
  readonly #idle: ((entry: EntryFunction | null) => void)[] = [];
  readonly #onReturned: () => void;
  readonly #onFailed: (error: unknown) => void;
  #start: ((entry: EntryFunction) => Promise<unknown>) | null = null;
  #i32 = new Int32Array(0);
  #i64 = new BigInt64Array(0);

  /**
   * @param onReturned called when an entry function has returned; its stack is free by then
   * @param onFailed called with the error that has unwound a stack
   */
  constructor(onReturned: () => void, onFailed: (error: unknown) => void) {
    this.#onReturned = onReturned;
    this.#onFailed = onFailed;
  }

  /** Whether `call` goes on with a stack that is there, in a microtask, and does not nest on the caller's. */
  get hasIdle(): boolean {
    return this.#idle.length > 0;
  }

  /**
   * Calls an entry function.
   * @param shape the function's, see `EntryType`
   * @param params values that suit the shape
   */
  call(entry: EntryFunction, shape: number, params: readonly EntryValue[]): void {
    const start = this.#start ?? this.#prepare();
    for (let i = 0; i < params.length; i++) {
      const value = params[i];
      if (typeof value === 'number') this.#i32[(i * VALUE_SIZE) / 4] = value;
      else if (typeof value === 'bigint') this.#i64[i] = value;
    }
    this.#i32[SHAPE_AT / 4] = shape;
    const goOn = this.#idle.pop();
    if (goOn !== undefined) goOn(entry);
    else start(entry).catch(this.#onFailed);
  }

  #prepare(): (entry: EntryFunction) => Promise<unknown> {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    this.#i32 = new Int32Array(memory.buffer);
    this.#i64 = new BigInt64Array(memory.buffer);
    const module = new WebAssembly.Module(stackModule());
    const imports = { '': { m: memory, n: new WebAssembly.Suspending(this.#next) } };
    const { exports } = new WebAssembly.Instance(module, imports);
    const call = exports['call'] as (entry: unknown) => void;
    for (let target = 0; target < TOO_MANY_TARGETS; target++) {
      const { exports: others } = new WebAssembly.Instance(module, imports);
      for (const shape of ENTRY_SHAPES.keys()) {
        this.#i32[SHAPE_AT / 4] = shape;
        call(others[shape]);
      }
    }
    this.#start = WebAssembly.promising(exports['run'] as (entry: EntryFunction) => void);
    return this.#start;
  }

  readonly #next = (): Promise<EntryFunction | null> | null => {
    if (this.#idle.length >= MAX_IDLE) {
      this.#onReturned();
      return null;
    }
    // The next process may have its turn before `onReturned` returns, and begin on this very stack.
    const next = new Promise<EntryFunction | null>((resolve) => {
      this.#idle.push(resolve);
    });
    this.#onReturned();
    return next;
  };
}

const TYPES = { i32: 0x7f, i64: 0x7e } as const;
const LOADS = { i32: [0x28, 2], i64: [0x29, 3] } as const;
const FUNCREF = 0x70;

/** Calls a function: chooses by the shape, which is in memory, among calls of functions of each. */
function callBody(): number[] {
  const { length } = ENTRY_SHAPES;
  const code: number[] = [0];
  for (let i = 0; i < length; i++) code.push(0x02, 0x40); // block $shape
  code.push(0x41, 0, 0x28, 2, SHAPE_AT, 0x0e, length - 1, ...ENTRY_SHAPES.keys()); // br_table (i32.load shape)
  ENTRY_SHAPES.forEach((shape, k) => {
    code.push(0x0b); // end $shape
    for (const [i, type] of shape.entries()) code.push(0x41, 0, ...LOADS[type], i * VALUE_SIZE);
    code.push(0x20, 0, 0xfb, 0x16, k, 0x15, k); // (return_call_ref $k (ref.cast (ref $k) (local.get $entry)))
  });
  code.push(0x0b);
  return code;
}

/** Besides what is above, the module exports a function of each shape that does nothing. */
function stackModule(): Uint8Array<ArrayBuffer> {
  const { length } = ENTRY_SHAPES;
  const shapes = [...ENTRY_SHAPES.keys()];
  const text = (name: string) => [name.length, ...Buffer.from(name)];
  const code = (body: readonly number[]) => [...leb(body.length), ...body];
  const entryTypes = ENTRY_SHAPES.flatMap((shape) => [
    0x60,
    shape.length,
    ...shape.map((type) => TYPES[type]),
    0,
  ]);
  const [nextType, runType] = [length, length + 1];
  const [run, call, firstOfShapes] = [1, 2, 3];
  const runBody = [
    ...[0, 0x03, 0x40], // loop $again
    ...[0x20, 0, 0xd0, FUNCREF, 0x21, 0, 0x10, call], // (call $call (local.get $entry)), and $entry is null
    ...[0x10, 0, 0x22, 0, 0xd1, 0x45, 0x0d, 0, 0x0b, 0x0b], // (br_if $again (i32.eqz (ref.is_null (local.tee $entry (call $next)))))
  ];
  return smallModule(
    section(1, [length + 2, ...entryTypes, 0x60, 0, 1, FUNCREF, 0x60, 1, FUNCREF, 0]),
    section(2, [2, 0, ...text('n'), 0x00, nextType, 0, ...text('m'), 0x02, 1, 1, 1]),
    section(3, [length + 2, runType, runType, ...shapes]),
    section(7, [
      ...[length + 2, ...text('run'), 0x00, run, ...text('call'), 0x00, call],
      ...shapes.flatMap((shape) => [...text(String(shape)), 0x00, firstOfShapes + shape]),
    ]),
    section(10, [
      length + 2,
      ...code(runBody),
      ...code(callBody()),
      ...shapes.flatMap(() => code([0, 0x0b])),
    ]),
    // Stacks of guests are shown without frames of a module of this name.
    section(0, [...text('name'), 0, HOST_SHIM_MODULE.length + 1, ...text(HOST_SHIM_MODULE)]),
  );
}
