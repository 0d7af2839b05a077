/** Our symbols of a module, in the words of LLVM's tools. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ReadCompanion } from '../../runtime/symbols/companions.ts';
import { At } from '../../runtime/symbols/dwarf/constants.ts';
import { DwarfSymbols } from '../../runtime/symbols/dwarf-symbols.ts';
import { ModuleParts } from '../../runtime/symbols/module-parts.ts';
import { openSymbols } from '../../runtime/symbols/open-symbols.ts';
import type { LineRow, LlvmFrame } from './llvm.ts';

export interface OpenedModule {
  readonly path: string;
  readonly parts: ModuleParts;
  readonly symbols: DwarfSymbols;
  /** The package with the split units of the module; null if there is none. */
  readonly dwp: string | null;
}

/** Opens a module with debug information. @param usesPackage whether split units come from a package, if there is one */
export function openModule(path: string, usesPackage = true): OpenedModule {
  const parts = new ModuleParts(new Uint8Array(readFileSync(path)));
  const dwp = path.replace(/wasm$/, 'dwp');
  const hasPackage = usesPackage && existsSync(dwp);
  const read: ReadCompanion = ({ kind, path: name }) => {
    const file = kind === 'package' ? dwp : join(dirname(path), name);
    const isThere = kind === 'package' ? hasPackage : !hasPackage && existsSync(file);
    return isThere ? new Uint8Array(readFileSync(file)) : null;
  };
  const symbols = openSymbols(parts, read);
  if (!(symbols instanceof DwarfSymbols)) throw new Error(`${path} has no debug information`);
  return { path, parts, symbols, dwp: hasPackage ? dwp : null };
}

/** All rows of all line tables, by the offset of the table in .debug_line. */
export function lineTables({ dwarf }: DwarfSymbols): Map<number, LineRow[]> {
  const tables = new Map<number, LineRow[]>();
  for (const unit of dwarf.file.units) {
    const offset = unit.root.sectionOffset(At.stmtList);
    const table = dwarf.linesOf(unit);
    if (offset === null || table === null || tables.has(offset)) continue;
    const rows: LineRow[] = [];
    const cursor = table.rows();
    let isFirst = true;
    let isDropped = false;
    while (cursor.next()) {
      // LLVM does not print what the linker has dropped either.
      if (isFirst) isDropped = cursor.address === 0xffffffff;
      isFirst = cursor.endSequence;
      if (isDropped) continue;
      const flags = [
        cursor.isStmt && 'is_stmt',
        cursor.basicBlock && 'basic_block',
        cursor.prologueEnd && 'prologue_end',
        cursor.epilogueBegin && 'epilogue_begin',
        cursor.endSequence && 'end_sequence',
      ].filter((flag) => flag !== false);
      const { address, line, column, file, isa, discriminator } = cursor;
      rows.push(`${address} ${line} ${column} ${file} ${isa} ${discriminator} ${flags.join(' ')}`);
    }
    tables.set(offset, rows);
  }
  return tables;
}

/** The frames at an address in the code section. */
export function framesAt({ symbols, parts }: OpenedModule, address: number): LlvmFrame[] {
  const isNamed = symbols.dwarf.functionsAt(address).length > 0;
  const frames = symbols.framesAt(parts.codeStart + address).map(({ functionName, linkageName, place }) => ({
    // LLVM does not look into the name section, and says no namespaces.
    function: isNamed ? (linkageName ?? functionName?.split('::').at(-1) ?? '') : '',
    file: place?.file ?? '',
    line: place?.line ?? 0,
    column: place?.column ?? 0,
  }));
  return frames.length > 0 ? frames : [{ function: '', file: '', line: 0, column: 0 }];
}

/** Line tables and the frames at all addresses as text, to be compared as a whole. */
export function moduleText(
  codeLength: number,
  tables: ReadonlyMap<number, readonly LineRow[]>,
  frames: (addresses: readonly number[]) => readonly (readonly LlvmFrame[])[],
): string {
  const lines: string[] = [];
  for (const [offset, rows] of tables)
    lines.push(`table ${offset}`, ...rows.map((row) => `  ${row}`.trimEnd()));
  const addresses = Array.from({ length: codeLength }, (_, address) => address);
  let last = '';
  for (const [address, at] of frames(addresses).entries()) {
    const text = at
      .map((frame) => `${frame.function} ${frame.file}:${frame.line}:${frame.column}`)
      .join('\n    ');
    if (text !== last) lines.push(`from ${address}`, `    ${text}`);
    last = text;
  }
  return `${lines.join('\n')}\n`;
}
