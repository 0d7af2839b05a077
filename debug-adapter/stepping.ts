import type { ModuleKey, ProcessKey, StackFrame, StepKind } from '../runtime/inspect/protocol.ts';
import { type Inspected, isLibraryCode, type SymbolFrame } from '../runtime/internal.ts';
import type { Call, Calls } from './calls.ts';
import type { Names } from './disassembler.ts';
import { type FunctionLines, outside, sameLine, sameLineAndInside } from './function-lines.ts';
import type { ModuleSources } from './module-sources.ts';

/** Functions whose lines are kept: those through which somebody steps. */
const MAX_FUNCTIONS = 16;

/** The same for a process that has begun anew, of which no code may have a source. */
const MOST_TIMES_TO_BEGIN = 30;

/** Times that a step goes on because it has come to a place where nobody wants to stand. */
const MOST_TIMES = 100;

/** A step that goes on until it is in the author's own code. */
interface Step {
  readonly kind: StepKind;
  /** The calls in the innermost frame when it began, and how many frames there were. */
  readonly from: readonly Call[];
  readonly depth: number;
  /** The function into which it goes, past all others; undefined for any. */
  readonly target: number | undefined;
  /** Whether it goes from the beginning of the process to the first line of the author's, whatever functions are around that. */
  readonly isBeginning?: boolean;
  /** How often it has gone on. */
  times: number;
}

/** Steps through lines of sources; where there are none, through instructions. */
export class Stepping {
  readonly #client: Inspected;
  readonly #calls: Calls;
  readonly #sources: ModuleSources;
  readonly #lines = new Map<string, Promise<FunctionLines>>();
  readonly #steps = new Map<ProcessKey, Step>();

  constructor(client: Inspected, calls: Calls, sources: ModuleSources) {
    this.#client = client;
    this.#calls = calls;
    this.#sources = sources;
  }

  /**
   * Begins a step of a process that stands still.
   * @param frames its stack
   * @param byInstruction whether it ends at the next place in the code, whatever its line
   * @param target the function into which it goes, if it is to go past others that the line calls
   */
  async step(
    process: ProcessKey,
    kind: StepKind,
    frames: readonly StackFrame[],
    byInstruction: boolean,
    target?: number,
  ): Promise<void> {
    this.#steps.delete(process);
    const [top] = frames;
    if (top === undefined || byInstruction) {
      await this.#request(process, kind);
      return;
    }
    const from = await this.#calls.of([top]);
    const [call] = from;
    if (call === undefined || (await this.#calls.isForeign(call))) {
      await this.#request(process, kind);
      return;
    }
    this.#steps.set(process, { kind, from, depth: frames.length, target, times: 0 });
    try {
      await this.#stepFrom(process, kind, from);
    } catch (error) {
      this.#steps.delete(process);
      throw error;
    }
  }

  /** Called when a process has begun anew: goes on to the first line of the author's. Returns whether it does. */
  async begins(process: ProcessKey, frames: readonly StackFrame[]): Promise<boolean> {
    const [call] = await this.#calls.of(frames.slice(0, 1));
    if (call === undefined || !(await this.#isBefore(call))) return false;
    this.#steps.set(process, {
      kind: 'into',
      from: [],
      depth: 0,
      target: undefined,
      isBeginning: true,
      times: MOST_TIMES - MOST_TIMES_TO_BEGIN,
    });
    await this.#passFunction(process, call, 'into');
    return true;
  }

  /** Whether a call is in what a C library does before `main`. Other libraries do too much to be passed step by step. */
  async #isBefore(call: Call): Promise<boolean> {
    return (await this.#calls.isForeign(call)) && !isLibraryCode(await this.#calls.nameOf(call));
  }

  isBeginning(process: ProcessKey): boolean {
    return this.#steps.get(process)?.isBeginning === true;
  }

  /** The functions into which a step from the innermost call of a stack may go. */
  async targets(frames: readonly StackFrame[]): Promise<Names> {
    const [top] = frames;
    if (top === undefined) return [];
    const calls = await this.#calls.of([top]);
    const lines = await this.#linesOf(top.module, top);
    const here = symbolsOf(calls);
    const within =
      here.length === 0 ? ([[top.offset, top.offset + 1]] as const) : sameLineAndInside(lines, here);
    return await this.#calls.calledBy(top, within);
  }

  /** Called when a step has ended: goes on where its author would not want to stand. Returns whether it does. */
  async goesOn(process: ProcessKey, frames: readonly StackFrame[]): Promise<boolean> {
    const step = this.#steps.get(process);
    const [top] = frames;
    if (step === undefined || top === undefined || step.times >= MOST_TIMES) return this.#end(process);
    const calls = await this.#calls.of([top]);
    const [call] = calls;
    if (call === undefined || !this.#isOf(process, step)) return this.#end(process);
    step.times++;
    const isTarget = top.functionIndex === step.target && frames.length > step.depth;
    const isOther = step.target !== undefined && frames.length > step.depth && !isTarget;
    // Whoever chooses a function of a library wants to see it.
    if (step.isBeginning === true && (await this.#calls.isForeign(call))) {
      if (!(await this.#isBefore(call))) return this.#end(process);
      await this.#passFunction(process, call, 'into');
    } else if (isOther || (!isTarget && (await this.#calls.isForeign(call))))
      await this.#leave(process, step, calls);
    else if (step.kind !== 'out' && frames.length === step.depth && isSamePlace(calls, step.from))
      await this.#stepFrom(process, step.kind, calls);
    else return step.kind === 'into' && frames.length > step.depth && (await this.#passHead(process, call));
    return true;
  }

  /** Called at a breakpoint: goes on with a step over the very line that has it. Returns whether it does. */
  async passes(process: ProcessKey, frames: readonly StackFrame[]): Promise<boolean> {
    const step = this.#steps.get(process);
    const [top] = frames;
    if (step === undefined || top === undefined || step.times >= MOST_TIMES) return this.#end(process);
    if (step.kind === 'out' || frames.length !== step.depth) return this.#end(process);
    const calls = await this.#calls.of([top]);
    if (!isSamePlace(calls, step.from) || !this.#isOf(process, step)) return this.#end(process);
    step.times++;
    await this.#stepFrom(process, step.kind, calls);
    return true;
  }

  /** Steps out of code without a source. A step into a function may yet come to another one that the same line calls. */
  async #leave(process: ProcessKey, { kind }: Step, calls: readonly Call[]): Promise<void> {
    const [call] = calls;
    if (kind !== 'into' || call === undefined) return await this.#stepFrom(process, 'out', calls);
    const { frame, symbol } = call;
    if (symbol?.isInlined !== true) return await this.#passFunction(process, call, 'past');
    const lines = await this.#linesOf(frame.module, frame);
    await this.#request(process, 'into', outside(lines, symbolsOf(calls)));
  }

  /** Goes on to another function: past those that this one calls, or into them. */
  async #passFunction(process: ProcessKey, { frame }: Call, kind: 'past' | 'into'): Promise<void> {
    const { offsets } = await this.#linesOf(frame.module, frame);
    await this.#request(process, kind, [
      [offsets[0] ?? frame.offset, Math.max(frame.offset, offsets.at(-1) ?? 0) + 1],
    ]);
  }

  /** Goes on behind the prologue of a function if a call is in that. Returns whether it does. */
  async #passHead(process: ProcessKey, { frame }: Call): Promise<boolean> {
    const [end] = await this.#sources.of(frame.module).prologueEnds([frame.offset]);
    if (end == null || frame.offset >= end) return this.#end(process);
    await this.#request(process, 'over', [[frame.offset, end]]);
    return true;
  }

  /** The process stands still for another reason, or goes on otherwise. */
  forget(process: ProcessKey): void {
    this.#steps.delete(process);
  }

  /** Whether a process is still in the midst of a step: it may have been paused meanwhile. */
  #isOf(process: ProcessKey, step: Step): boolean {
    return this.#steps.get(process) === step;
  }

  #end(process: ProcessKey): false {
    this.#steps.delete(process);
    return false;
  }

  async #stepFrom(process: ProcessKey, kind: StepKind, calls: readonly Call[]): Promise<void> {
    const [call] = calls;
    if (call?.symbol == null || call.symbol.place === null) return await this.#request(process, kind);
    const { frame } = call;
    const lines = await this.#linesOf(frame.module, frame);
    const here = symbolsOf(calls);
    switch (kind) {
      case 'over':
        return await this.#request(process, 'over', sameLineAndInside(lines, here));
      case 'into':
        return await this.#request(process, 'into', sameLine(lines, here));
      case 'out':
        // The caller of an inlined function is in the same frame.
        return call.symbol.isInlined
          ? await this.#request(process, 'over', outside(lines, here))
          : await this.#request(process, 'out');
    }
  }

  async #request(
    process: ProcessKey,
    kind: StepKind,
    within: readonly (readonly [start: number, end: number])[] = [],
  ): Promise<void> {
    await this.#client.request('process/step', { process, kind, within });
  }

  #linesOf(module: ModuleKey, { functionIndex, offset }: StackFrame): Promise<FunctionLines> {
    const key = `${module} ${functionIndex}`;
    const lines = this.#lines.get(key) ?? this.#read(module, offset);
    this.#lines.delete(key);
    this.#lines.set(key, lines);
    lines.catch(() => this.#lines.delete(key));
    for (const oldest of this.#lines.keys()) {
      if (this.#lines.size <= MAX_FUNCTIONS) break;
      this.#lines.delete(oldest);
    }
    return lines;
  }

  async #read(module: ModuleKey, offset: number): Promise<FunctionLines> {
    const symbols = this.#sources.of(module);
    const offsets = await symbols.startsAround(offset);
    return { offsets, frames: await symbols.framesAt(offsets) };
  }
}

function symbolsOf(calls: readonly Call[]): SymbolFrame[] {
  return calls.flatMap(({ symbol }) => symbol ?? []);
}

/** Whether two calls in the same function are at the same line. */
function isSamePlace(a: readonly Call[], b: readonly Call[]): boolean {
  const [x] = a;
  const [y] = b;
  return (
    a.length === b.length &&
    x?.symbol?.place != null &&
    x.frame.functionIndex === y?.frame.functionIndex &&
    x.symbol.place.file === y?.symbol?.place?.file &&
    x.symbol.place.line === y?.symbol?.place?.line
  );
}
