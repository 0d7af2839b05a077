import type { ProcessKey, StackFrame } from '../runtime/inspect/protocol.ts';
import type { Debuggee } from './debuggee.ts';
import { AdapterError } from './errors.ts';
import { namedWasmVariable } from './wasm-variables.ts';

/** How engines say that a call through a table met no function, or one of another type. */
const MISMATCH = /function signature mismatch/;

/**
 * Whether a process has trapped since it called a function through a NULL pointer: the engine does not say so. It can be told where the
 * pointer was a local just before, as compilers have it that do not optimise.
 * @param message of the trap
 * @param frame the innermost call
 */
export async function isNullCall(
  debuggee: Debuggee,
  process: ProcessKey,
  message: string,
  { module, functionIndex, offset }: StackFrame,
): Promise<boolean> {
  if (!MISMATCH.test(message)) return false;
  try {
    const { text, offsets } = await debuggee.disassemblies.disassembly(module, functionIndex);
    const at = offsets.indexOf(offset);
    const lines = text.split('\n');
    const local = /^\s*local\.get \$?(\S+)$/.exec(lines[at - 1] ?? '')?.[1];
    if (local === undefined || !/^\s*call_indirect\b/.test(lines[at] ?? '')) return false;
    const { value } = await namedWasmVariable(debuggee, { process, depth: 0, inlined: 0 }, `$${local}`);
    return value === '0' && (await debuggee.calls.functionInTable(module, 0)) === null;
  } catch (error) {
    if (error instanceof AdapterError) return false;
    throw error;
  }
}
