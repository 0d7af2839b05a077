import { andThen } from '../../hostcall/conventions.ts';
import { captureCaller, processStack } from '../../kernel/guest-stack.ts';
import type { LoadedModule } from '../../kernel/module.ts';
import type { Process } from '../../kernel/process.ts';
import type { Scheduler } from '../../kernel/scheduler.ts';
import { frameText, type StackFrame, stackLines } from '../../symbols/stack-frame.ts';
import { StackPlaces } from '../../symbols/stack-places.ts';
import { tellsOfSource } from '../../symbols/telling-sections.ts';
import { customSection } from '../../wasm/index.ts';
import { process } from './namespace.ts';

/** Functions of `lunatic::process` for traces (abi 10.6): stacks as text, in a table of each process. */

const encoder = new TextEncoder();

/** What it takes to find a call: two microseconds. Those of a recursion are one line in the end. */
const TRACE_CALL_WORK = 2 ** 13;
/** What it takes to make a character of a trace. */
const TRACE_BYTE_WORK = 64;

process.define(
  'trace_get',
  '(ptr: i32)',
  { since: 'PR 161', suspends: true },
  "Takes a trace of the caller's stack, a line a call with the innermost first, and writes its id.",
  ({ scheduler }) => {
    const places = new GuestPlaces(scheduler);
    return (pointer: number) => {
      const { current } = scheduler;
      const keep = (frames: readonly StackFrame[]): void => {
        // What is below the current folder is not told: the guest may not know where that is.
        const text = stackLines(frames, (frame) => `at ${frameText(frame, '')}`).join('\n');
        scheduler.work.charge(TRACE_BYTE_WORK * text.length);
        const id = current.traces.add(text);
        current.memory.writeId(pointer, id);
      };
      const frames = processStack(captureCaller(), current);
      scheduler.work.charge(TRACE_CALL_WORK * frames.length);
      return places.knows(current) ? andThen(places.locate(current, frames), keep) : keep(frames);
    };
  },
);

/** Processes that wait for places at the same time; those of others are not looked up. */
const MAX_WAITING = 100;

/** Finds the calls of guests in their sources, from what their modules have in them: guests must not learn what files tell. */
class GuestPlaces {
  readonly #scheduler: Scheduler;
  #places: StackPlaces | null = null;
  #waiting = 0;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Whether it is worth waiting for what is known of the process's module. */
  knows({ module }: Process): boolean {
    return (
      this.#waiting < MAX_WAITING && tellsOfSource((name) => customSection(module.source, name) !== undefined)
    );
  }

  /** Suspends the process. */
  locate(process: Process, frames: readonly StackFrame[]): Promise<readonly StackFrame[]> {
    let located = frames;
    const asked = this.#ask(process.module, frames);
    const waiting = this.#scheduler.waitForEvent(process, (wake) => {
      void asked.then((found) => {
        located = found;
        wake(0);
      });
      return () => {};
    });
    return andThen(waiting, () => located);
  }

  async #ask(module: LoadedModule, frames: readonly StackFrame[]): Promise<readonly StackFrame[]> {
    this.#places ??= new StackPlaces();
    this.#waiting++;
    try {
      const { bytes } = module;
      return await this.#places.locate(
        module,
        () => ({ bytes: () => bytes, size: bytes.length, path: null }),
        frames,
      );
    } catch {
      return frames;
    } finally {
      this.#waiting--;
    }
  }
}
process.define(
  'trace_get_size',
  '(id: i64) -> i32',
  { since: 'PR 161' },
  'Returns the length of a trace in bytes.',
  ({ scheduler }) =>
    (id: bigint) => {
      const text = scheduler.current.traces.get(id);
      scheduler.work.chargeBytes(text.length);
      return Buffer.byteLength(text);
    },
);
process.define(
  'trace_read',
  '(id: i64, data_ptr: i32, data_len: i32) -> i32',
  { since: 'PR 161' },
  'Copies as much of a trace as there is room for and returns the number of bytes.',
  ({ scheduler }) =>
    (id: bigint, pointer: number, length: number) => {
      const { traces, memory } = scheduler.current;
      const text = encoder.encode(traces.get(id));
      scheduler.work.chargeText(text.length);
      memory.check(pointer, length >>> 0);
      const part = text.subarray(0, length >>> 0);
      memory.write(pointer, part);
      return part.length;
    },
);
process.define(
  'drop_trace',
  '(id: i64)',
  { since: 'PR 161' },
  'Releases a trace.',
  ({ scheduler }) =>
    (id: bigint) => {
      scheduler.current.traces.remove(id);
    },
);
