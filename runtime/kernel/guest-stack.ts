import type { ProcessConfig } from '../permissions/config.ts';
import { demangle } from '../symbols/demangle.ts';
import { type StackFrame, stackLines } from '../symbols/stack-frame.ts';
import { displayName } from '../text/display-name.ts';
import { HOST_SHIM_MODULE } from '../wasm/index.ts';
import type { LoadedModule } from './module.ts';

/** Frames that V8 captures if somebody will see them, and that are displayed as text. */
export const STACK_DEPTH = 100;

/**
 * Frames that it captures for a debugger or a core dump: what calls have kept of their variables is found from the outermost one on. More
 * have no room in the memory of frames.
 */
export const FULL_STACK_DEPTH = 8_200;

/** How V8 writes a wasm frame: `wasm://wasm/<hash>:wasm-function[<index>]:0x<offset>`, perhaps in parentheses. */
const WASM_FRAME = /wasm:\/\/wasm\/.*:wasm-function\[(\d+)\]:0x([0-9a-f]+)\)?$/;

/** A frame between the guest and a host function. No guest can choose this text: see `dropNames`. */
const SHIM_FRAME = `wasm://wasm/${HOST_SHIM_MODULE}-`;

/** The JavaScript function that `trap.ts` raises traps in. */
const RAISED_IN = 'at raiseTrap ';

/** A frame whose name is left out where there is none. */
export interface NamedFrame extends StackFrame {
  readonly functionName?: string;
}

/** What is needed of a module to name its functions. */
export type NamedModule = Pick<LoadedModule, 'source' | 'functionNames'>;

/** What is needed of a process to read its stack. A process that has ended still has it. */
export interface StackOwner {
  readonly module: LoadedModule;
  readonly config: ProcessConfig;
}

/**
 * Returns the guest's frames of an error that was thrown or made on the stack of a process, innermost first.
 * Frames of JavaScript and of functions that the rewriter inserted are left out. Names come from the module, since
 * the names in V8's text are whatever the guest put there.
 * @param depth the most frames that are returned, of as many as were captured
 */
export function processStack(
  error: Error,
  { module, config }: StackOwner,
  depth = STACK_DEPTH,
): NamedFrame[] {
  const compiled = module.compiledFor(config);
  const frames: NamedFrame[] = [];
  const lines = (error.stack ?? '').split('\n');
  for (const line of lines.slice(firstGuestLine(lines))) {
    const match = WASM_FRAME.exec(line);
    if (match === null || line.includes(SHIM_FRAME)) continue;
    if (frames.length === depth) break;
    const functionIndex = compiled.originalFunction(Number(match[1]));
    if (functionIndex === undefined) continue;
    frames.push(
      stackFrame(module, functionIndex, compiled.offsets.toOriginal(Number.parseInt(match[2] ?? '0', 16))),
    );
  }
  return frames;
}

/** Describes a call in a function of a module. */
export function stackFrame(module: LoadedModule, functionIndex: number, offset: number): NamedFrame {
  const name = functionName(module, functionIndex);
  return { functionIndex, ...(name === undefined ? {} : { functionName: name }), offset };
}

/** Returns the stack of a process as text, one line per frame; an empty text if there is no frame. */
export function formatStack(error: Error, process: StackOwner): string {
  return stackLines(processStack(error, process)).join('\n');
}

/** Returns an error with the stack of the guest that is calling a host function. */
export function captureCaller(): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = STACK_DEPTH;
  const error = new Error('here');
  Error.stackTraceLimit = limit;
  return error;
}

/** The name of a function, by its index in the module as its author compiled it, or that of its export; undefined if it has neither. */
export function functionName(module: NamedModule, index: number): string | undefined {
  const name = module.functionNames.get(index) ?? exportName(module, index);
  return name === undefined ? undefined : displayName(demangle(name));
}

/** Most modules name their functions, and stacks are short: a map of all exports would not pay. */
function exportName({ source }: NamedModule, functionIndex: number): string | undefined {
  return source.exports.find(({ kind, index }) => kind === 'function' && index === functionIndex)?.name;
}

/** If a host function raised the trap, the guest's frames follow that of `raiseTrap`. */
function firstGuestLine(lines: readonly string[]): number {
  const raised = lines.findIndex((line) => line.includes(RAISED_IN));
  return raised < 0 ? 0 : raised;
}
