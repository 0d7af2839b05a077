import type { CompiledModule, LoadedModule } from '../kernel/module.ts';
import type { ProcessConfig } from '../permissions/config.ts';
import { displayName } from '../text/display-name.ts';
import { HOST_SHIM_MODULE } from '../wasm/index.ts';
import { demangle } from './demangle.ts';

/** Frames that V8 captures where somebody is to see them. */
export const STACK_DEPTH = 100;

/** Frames of a stack that are shown from each end of it. */
const SHOWN_FRAMES = 24;

/** One call on a guest's stack. */
export interface StackFrame {
  /** Index in the module as its author compiled it. */
  readonly functionIndex: number;
  /** Demangled name, as the name section tells it, or the name of its export. */
  readonly functionName: string | undefined;
  /** Byte offset in the module as its author compiled it. */
  readonly offset: number;
}

/** How V8 writes a wasm frame: `wasm://wasm/<hash>:wasm-function[<index>]:0x<offset>`, perhaps in parentheses. */
const WASM_FRAME = /wasm:\/\/wasm\/.*:wasm-function\[(\d+)\]:0x([0-9a-f]+)\)?$/;

/** A frame between the guest and a host function. No guest's name stands in these places, see `dropNames`. */
const SHIM_FRAME = `wasm://wasm/${HOST_SHIM_MODULE}-`;

/** The JavaScript function that `kernel/trap.ts` raises traps in. */
const RAISED_IN = 'at raiseTrap ';

/**
 * The guest's frames of an error's stack, innermost first. Frames of JavaScript and of functions that the
 * rewriter inserted are left out; names are read from the module, since what stands in V8's text is whatever
 * the guest put there.
 */
export function guestStack(error: Error, module: LoadedModule, compiled: CompiledModule): StackFrame[] {
  const frames: StackFrame[] = [];
  const lines = (error.stack ?? '').split('\n');
  for (const line of lines.slice(firstGuestLine(lines))) {
    const match = WASM_FRAME.exec(line);
    if (match === null || line.includes(SHIM_FRAME)) continue;
    const functionIndex = compiled.originalFunction(Number(match[1]));
    if (functionIndex === undefined) continue;
    const name = module.functionNames.get(functionIndex) ?? exportName(module, functionIndex);
    frames.push({
      functionIndex,
      functionName: name === undefined ? undefined : displayName(demangle(name)),
      offset: compiled.offsets.toOriginal(Number.parseInt(match[2] ?? '0', 16)),
    });
  }
  return frames;
}

/** Most modules name their functions, and stacks are short: a map of all exports would not pay. */
function exportName({ source }: LoadedModule, functionIndex: number): string | undefined {
  return source.exports.find(({ kind, index }) => kind === 'function' && index === functionIndex)?.name;
}

/** A trap that a host function raised begins with the wasm frame that made it; see `kernel/trap.ts`. */
function firstGuestLine(lines: readonly string[]): number {
  const raised = lines.findIndex((line) => line.includes(RAISED_IN));
  return raised < 0 ? 0 : raised;
}

/** The part of a process that its stack is read with; an ended process still has it. */
export interface StackOwner {
  readonly module: LoadedModule;
  readonly config: ProcessConfig;
}

/** The guest's frames of an error that was thrown or made on the stack of a process. */
export function processStack(error: Error, { module, config }: StackOwner): StackFrame[] {
  return guestStack(error, module, module.compiledFor(config));
}

/** An error with the stack of the guest that is just calling a host function. */
export function captureCaller(): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = STACK_DEPTH;
  const error = new Error('here');
  Error.stackTraceLimit = limit;
  return error;
}

/** The stack of a process as text, a line a frame; empty where there is none. */
export function formatStack(error: Error, process: StackOwner): string {
  return shortened(processStack(error, process).map((frame) => formatFrame(frame))).join('\n');
}

/** The lines of a stack, those in the middle of a long one left out. */
export function shortened(lines: readonly string[]): string[] {
  const left = lines.length - 2 * SHOWN_FRAMES;
  if (left <= 0) return [...lines];
  return [...lines.slice(0, SHOWN_FRAMES), `... ${left} more`, ...lines.slice(-SHOWN_FRAMES)];
}

/** `at app::worker (function 12, offset 0x3f2)` */
export function formatFrame({ functionIndex, functionName, offset }: StackFrame): string {
  const place = `offset 0x${offset.toString(16)}`;
  return functionName === undefined
    ? `at function ${functionIndex} (${place})`
    : `at ${functionName} (function ${functionIndex}, ${place})`;
}
