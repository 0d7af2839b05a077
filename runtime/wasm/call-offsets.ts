import { InstructionReader } from './instruction-reader.ts';
import type { WasmModule } from './module.ts';
import { Op } from './opcodes.ts';
import type { FuncType } from './type-definition.ts';

/** The offsets of all direct calls of some functions, by their indices. */
export function callOffsets({ bytes, code }: WasmModule, functions: ReadonlySet<number>): number[] {
  const found: number[] = [];
  for (let i = 0; i < code.functionCount; i++) {
    const first = code.firstCall[i] ?? 0;
    const end = code.firstCall[i + 1] ?? first;
    let calls = false;
    for (let call = first; call < end && !calls; call++)
      calls = functions.has(code.callTarget.values[call] ?? -1);
    if (!calls) continue;
    const bodyEnd = code.bodyEnd[i] ?? 0;
    const reader = new InstructionReader(bytes, code.codeStart[i] ?? 0, bodyEnd, 'code section');
    while (reader.position < bodyEnd) {
      reader.next();
      const isCall = reader.opcode === Op.call || reader.opcode === Op.returnCall;
      if (isCall && functions.has(reader.index)) found.push(reader.start);
    }
  }
  return found;
}

/** The imported functions that are in tables, exported, or referred to, by their indices. */
export function referredImports({ addressTaken, exports, importedFunctions }: WasmModule): number[] {
  const found = new Set<number>();
  for (let index = 0; index < importedFunctions; index++) if (addressTaken[index]) found.add(index);
  for (const { kind, index } of exports)
    if (kind === 'function' && index < importedFunctions) found.add(index);
  return [...found];
}

/** The offsets of all calls through tables and references that may call a function, as their types tell. */
export function dynamicCallOffsets(
  { bytes, code, types }: WasmModule,
  { params, results }: FuncType,
): number[] {
  const isSame = (type: number) =>
    types[type]?.params.join() === params.join() && types[type]?.results.join() === results.join();
  const found: number[] = [];
  for (let i = 0; i < code.functionCount; i++) {
    const bodyEnd = code.bodyEnd[i] ?? 0;
    const reader = new InstructionReader(bytes, code.codeStart[i] ?? 0, bodyEnd, 'code section');
    while (reader.position < bodyEnd) {
      reader.next();
      if (DYNAMIC_CALLS.has(reader.opcode) && isSame(reader.index)) found.push(reader.start);
    }
  }
  return found;
}

const DYNAMIC_CALLS: ReadonlySet<number> = new Set([
  Op.callIndirect,
  Op.callRef,
  Op.returnCallIndirect,
  Op.returnCallRef,
]);
