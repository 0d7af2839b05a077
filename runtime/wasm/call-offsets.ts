import { InstructionReader } from './instruction-reader.ts';
import type { WasmModule } from './module.ts';
import { Op } from './opcodes.ts';

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
