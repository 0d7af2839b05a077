import type { WasmModule } from './module.ts';

/** Labels of the branch table by which an interpreter goes to the code of an instruction. Parsers and formatters have fewer, most often. */
const LEAST_LABELS = 128;

/** Bytes of a function that takes long enough to be worth it, and of one that V8 optimizes in less than 0.1 s. */
const LEAST_BYTES = 2 ** 14;
const MOST_BYTES = 2 ** 16;

/**
 * Locals, times places where control splits or joins, beyond which V8 may take seconds and gigabytes for a function of that size. QuickJS
 * has 0.19 million.
 */
const MOST_STATES = 2 ** 19;

/**
 * The function by which a module interprets the instructions of another language, and which calls itself for the functions of that
 * language: QuickJS has one.
 *
 * V8 never replaces code that is being executed. So the first call of such a function, that for the script itself, is executed by
 * unoptimized code until the program ends, unless V8 optimizes the function before it is called.
 * @returns its index in the module; undefined if no function looks like one
 */
export function interpreterOf(module: WasmModule): number | undefined {
  const { code, importedFunctions } = module;
  let found: number | undefined;
  let most = 0;
  for (let i = 0; i < code.functionCount; i++) {
    const labels = code.dispatched[i] ?? 0;
    if (labels < LEAST_LABELS || labels <= most) continue;
    const size = (code.bodyEnd[i] ?? 0) - (code.bodyStart[i] ?? 0);
    const states = (code.localCount[i] ?? 0) * (code.states[i] ?? 0);
    if (size < LEAST_BYTES || size > MOST_BYTES || states > MOST_STATES || !callsItself(module, i)) continue;
    found = importedFunctions + i;
    most = labels;
  }
  return found;
}

function callsItself({ code, importedFunctions }: WasmModule, i: number): boolean {
  for (let call = code.firstCall[i] ?? 0; call < (code.firstCall[i + 1] ?? 0); call++)
    if (code.callTarget.at(call) === importedFunctions + i) return true;
  return false;
}
