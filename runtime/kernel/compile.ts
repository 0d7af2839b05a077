import { setFlagsFromString } from 'node:v8';
import { printable } from '../text/printable.ts';
import { LARGEST_AHEAD } from '../wasm/index.ts';
import { ModuleError } from './module-error.ts';

/** Bytes from which on checking takes longer than loading what is needed to leave it out, and memory is freed at once. */
const LARGE = 2 ** 20;

/** V8 optimizes a function when it has run about so many bytes of its code. By default; and of code that is probed, most of which is not run. */
const TIERING_BUDGET = 13_000_000;
const PROBED_TIERING_BUDGET = 10 * TIERING_BUDGET;

/** V8's default for the number of functions that it compiles at the same time. */
const COMPILATION_TASKS = 128;

let mayDiffer = false;

/** Must be called when another thread may have been ended while it compiled: it has set no flags back. */
export function distrustFlags(): void {
  mayDiffer = true;
}

export interface CompileOptions {
  /** Whether this V8 has compiled these bytes before. Then each function is checked when it is first called, and not all at once. */
  readonly isChecked: boolean;
  /**
   * Whether all functions are compiled now, on all cores, and not each when it is first called, in the turn of the process that
   * calls it. A module that is very large is not.
   */
  readonly ahead: boolean;
  /** Whether a function takes long to be compiled. Then all are compiled now, one after the other, since each may take much memory. */
  readonly isSlow?: boolean | undefined;
  /** The index of a function that V8 optimizes now, which takes up to 0.1 s, and not after it has been called often. Default: none. */
  readonly optimized?: number | undefined;
  /** Whether processes can be stopped in the midst of its code; see `probePass`. */
  readonly isProbed?: boolean | undefined;
}

/** The flags that are set for some modules, as V8 has them by default. They hold for all threads. */
const DEFAULTS = [
  '--wasm-lazy-compilation',
  '--no-wasm-lazy-validation',
  `--wasm-num-compilation-tasks=${COMPILATION_TASKS}`,
  '--wasm-eager-tier-up-function=-1',
  `--wasm-tiering-budget=${TIERING_BUDGET}`,
];

/**
 * Compiles a rewritten module.
 * @throws ModuleError if a function that was just small enough for V8 no longer is with its checks
 */
export function compile(bytes: Uint8Array, options: CompileOptions): WebAssembly.Module {
  const flags = flagsFor(bytes.length, options);
  try {
    // To load what sets flags takes a millisecond, so it is not done for nothing.
    if (mayDiffer) for (const flag of DEFAULTS) setFlagsFromString(flag);
    for (const flag of flags) setFlagsFromString(flag);
    return new WebAssembly.Module(bytes);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new ModuleError(`the module cannot be compiled with its checks for preemption: ${text}`, {
      cause: error,
    });
  } finally {
    if (flags.length > 0) for (const flag of DEFAULTS) setFlagsFromString(flag);
  }
}

/** The flags of V8 that differ from their defaults while a module of so many bytes is compiled. */
function flagsFor(size: number, options: CompileOptions): string[] {
  const { isChecked, ahead, isSlow, optimized, isProbed } = options;
  const flags: string[] = [];
  if (isSlow || (ahead && size <= LARGEST_AHEAD)) flags.push('--no-wasm-lazy-compilation');
  else if (isChecked && size >= LARGE) flags.push('--wasm-lazy-validation');
  if (isSlow) flags.push('--wasm-num-compilation-tasks=1');
  if (optimized !== undefined) flags.push(`--wasm-eager-tier-up-function=${optimized}`);
  if (isProbed) flags.push(`--wasm-tiering-budget=${PROBED_TIERING_BUDGET}`);
  return flags;
}

/** Whether memory is worth freeing at once, and not when the collector finds it. */
export function isLarge({ length }: Uint8Array): boolean {
  return length >= LARGE;
}

/** Frees the bytes of a large module that has been compiled: V8 has a copy of its own. Nobody may use them any more. */
export function discard({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= LARGE) buffer.transfer(0);
}

/** What V8 finds in the author's own bytes, so that offsets in its errors are those of the author's module; null if they are valid. */
export function problemOf(bytes: Uint8Array): ModuleError | null {
  if (WebAssembly.validate(bytes)) return null;
  try {
    new WebAssembly.Module(bytes);
  } catch (error) {
    const text = printable(error instanceof Error ? error.message : String(error));
    return new ModuleError(text.replace(/^WebAssembly\.Module\(\): /, ''), { cause: error });
  }
  return new ModuleError('the module is not valid');
}
