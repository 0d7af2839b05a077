import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  customSection,
  disassembleFunction,
  type ModuleSymbols,
  printModule,
  readModule,
  SymbolThread,
  tellsOfSource,
  WasmFormatError,
  type WasmModule,
} from '../../runtime/internal.ts';
import type { ModuleSourceParams, ModuleText, ModuleTextParams, SourcePlaces } from './protocol.ts';

/** Bytes of the largest module that is read. */
const MAX_SIZE = 2 ** 29;

interface ReadModule {
  readonly path: string;
  readonly changed: number;
  readonly module: WasmModule;
  /** Opened by whoever first asks about sources. */
  symbols?: ModuleSymbols;
}

/** Reads binary modules, and writes them as text. The last one is kept, since its functions may be asked for one by one. */
export class ModuleReader {
  #last: ReadModule | undefined;
  /** Debug information may take long to read. */
  readonly #thread = new SymbolThread();

  async textOf({ path, function: index }: ModuleTextParams): Promise<ModuleText> {
    try {
      const { module } = await this.#read(path);
      const { text, offsets } =
        index === undefined ? printModule(module, basename(path)) : disassembleFunction(module, index);
      const hasSource = tellsOfSource((name) => customSection(module, name) !== undefined);
      return { text, offsets, hasSource };
    } catch (error) {
      if (!(error instanceof WasmFormatError || isSystemError(error))) throw error;
      return {
        text: `;; ${basename(path)} cannot be read: ${error.message}\n`,
        offsets: [],
        hasSource: false,
      };
    }
  }

  async sourceOf({ path, offset }: ModuleSourceParams): Promise<SourcePlaces> {
    try {
      const read = await this.#read(path);
      read.symbols ??= this.#thread.open({ bytes: () => read.module.bytes, path });
      const [frames = []] = await read.symbols.framesAt([offset]);
      return frames.flatMap(({ place }) => place ?? []);
    } catch (error) {
      if (!(error instanceof WasmFormatError || isSystemError(error))) throw error;
      return [];
    }
  }

  async #read(path: string): Promise<ReadModule> {
    const { mtimeMs, size } = await stat(path);
    if (this.#last?.path === path && this.#last.changed === mtimeMs) return this.#last;
    if (size > MAX_SIZE) throw new RangeError(`${basename(path)} is too large to be displayed`);
    const module = readModule(new Uint8Array(await readFile(path)));
    this.#last = { path, changed: mtimeMs, module };
    return this.#last;
  }
}

/** Whether a file could not be read, or is too large. */
function isSystemError(error: unknown): error is Error {
  return error instanceof RangeError || (error instanceof Error && 'syscall' in error);
}
