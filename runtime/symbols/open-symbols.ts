import { NO_COMPANIONS, type ReadCompanion } from './companions.ts';
import { Dwarf, type SplitFiles } from './dwarf/dwarf.ts';
import { dwarfSections } from './dwarf/sections.ts';
import { DwarfSymbols } from './dwarf-symbols.ts';
import { ModuleParts } from './module-parts.ts';
import { NameSymbols } from './name-symbols.ts';
import { SourceMapSymbols } from './source-map-symbols.ts';
import type { Symbols } from './symbols.ts';

/**
 * Opens the symbols of a module: those of its debug information, else those of its source map, else the names of its functions.
 * Nothing is read before it is needed, and nothing malformed throws.
 * @param read gives the files beside the module that it names
 */
export function openSymbols(module: Uint8Array | ModuleParts, read: ReadCompanion = NO_COMPANIONS): Symbols {
  const parts = module instanceof ModuleParts ? module : new ModuleParts(module);
  const names = new NameSymbols(parts);
  return openDwarf(parts, names, read) ?? openSourceMap(parts, names, read) ?? names;
}

/** A URL that has the source map in itself. */
const DATA_URL = /^data:application\/json[^,]*?(;base64)?,/;

function openSourceMap(parts: ModuleParts, names: NameSymbols, read: ReadCompanion): Symbols | null {
  const url = parts.customText('sourceMappingURL');
  if (url === null) return null;
  try {
    const inside = DATA_URL.exec(url);
    if (inside !== null) {
      const data = url.slice(inside[0].length);
      const json =
        inside[1] === undefined ? decodeURIComponent(data) : Buffer.from(data, 'base64').toString();
      return new SourceMapSymbols(json, null, parts, names);
    }
    const bytes = read({ kind: 'source map', path: url, folder: '' });
    return bytes === null ? null : new SourceMapSymbols(Buffer.from(bytes).toString(), url, parts, names);
  } catch {
    // It is no source map, whatever is wrong with it.
    return null;
  }
}

function openDwarf(parts: ModuleParts, names: NameSymbols, read: ReadCompanion): DwarfSymbols | null {
  const described = partsWithDwarf(parts, read);
  if (described === null) return null;
  const sections = dwarfSections((name) => described.custom(name));
  return new DwarfSymbols(new Dwarf(sections, splitFiles(read)), parts, names);
}

/** The module itself, or the file to which its debug sections were moved. */
function partsWithDwarf(parts: ModuleParts, read: ReadCompanion): ModuleParts | null {
  if (parts.custom('.debug_info') !== null) return parts;
  const path = parts.customText('external_debug_info');
  const bytes = path === null ? null : read({ kind: 'debug info', path, folder: '' });
  if (bytes === null) return null;
  const external = new ModuleParts(bytes);
  return external.custom('.debug_info') === null ? null : external;
}

function splitFiles(read: ReadCompanion): SplitFiles {
  const sectionsOf = (bytes: Uint8Array | null) => {
    if (bytes === null) return null;
    const parts = new ModuleParts(bytes);
    return dwarfSections((name) => parts.custom(name), '.dwo');
  };
  return {
    unit: (path, folder) => sectionsOf(read({ kind: 'split unit', path, folder })),
    package: () => sectionsOf(read({ kind: 'package', path: '', folder: '' })),
  };
}
