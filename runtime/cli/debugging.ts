import { readFileSync } from 'node:fs';
import { Debugging } from '../kernel/debugging.ts';
import { openSymbols } from '../symbols/open-symbols.ts';
import { everyInstruction, isWasmBinary, type WasmModule } from '../wasm/index.ts';
import { TextPlaces } from '../wat/index.ts';

/**
 * What a program needs that is debugged: its processes can be stopped where lines of its text or its sources begin, or, where
 * these are not known, before each instruction.
 * @param pathOf tells the file of the module that is being loaded; null for one that processes load
 */
export function debugging(pathOf: () => string | null): Debugging {
  return new Debugging((module) => ({
    offsets: textLines(pathOf(), module) ?? sourceLines(module) ?? everyInstruction(module),
  }));
}

function textLines(path: string | null, module: WasmModule): Uint32Array | undefined {
  if (!path?.endsWith('.wat')) return undefined;
  const bytes = readFileSync(path);
  if (isWasmBinary(bytes)) return undefined;
  const places = new TextPlaces(module, new TextDecoder().decode(bytes));
  return places.count === 0 ? undefined : places.lineOffsets();
}

function sourceLines(module: WasmModule): Uint32Array | undefined {
  const symbols = openSymbols(module.bytes);
  if (symbols.source === 'names') return undefined;
  const offsets = new Set<number>();
  for (const file of symbols.files())
    for (const line of symbols.linesOf(file))
      for (const { offset } of symbols.startsOf(file, line)) offsets.add(offset);
  return Uint32Array.from(offsets).sort();
}
