import { companionFiles, readPlainFile } from '../symbols/companion-files.ts';
import type { ReadCompanion } from '../symbols/companions.ts';
import { ModuleParts } from '../symbols/module-parts.ts';
import { openSymbols } from '../symbols/open-symbols.ts';
import type { Symbols } from '../symbols/symbols.ts';
import { isWasmBinary, readModule } from '../wasm/index.ts';
import { TextSymbols } from './text-symbols.ts';

/**
 * Opens the symbols of a module, with the files beside it that it names, or with the text that it was assembled from.
 * @param path its file; null if it has none
 * @param onCompanion is called when a file beside the module is looked for
 */
export function openModuleSymbols(
  bytes: Uint8Array,
  path: string | null,
  onCompanion: () => void = () => {},
): Symbols {
  // What is not about the source is not kept: of most modules, above all the code.
  const symbols = openSymbols(
    new ModuleParts(bytes, true),
    path === null ? undefined : watched(companionFiles(path), onCompanion),
  );
  const text = path === null || symbols.source !== 'names' ? null : textIn(path);
  return path === null || text === null ? symbols : new TextSymbols(readModule(bytes), path, text, symbols);
}

function watched(read: ReadCompanion, onCompanion: () => void): ReadCompanion {
  return (companion) => {
    onCompanion();
    return read(companion);
  };
}

/** The text of a module; null if the file is none any more. */
function textIn(path: string): string | null {
  if (!path.endsWith('.wat')) return null;
  const bytes = readPlainFile(path);
  return bytes === null || isWasmBinary(bytes) ? null : new TextDecoder().decode(bytes);
}
