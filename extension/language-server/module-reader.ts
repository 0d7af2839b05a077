import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  disassembleFunction,
  printModule,
  readModule,
  WasmFormatError,
  type WasmModule,
} from '../../runtime/internal.ts';
import type { ModuleText, ModuleTextParams } from './protocol.ts';

/** Bytes of the largest module that is read. */
const MAX_SIZE = 2 ** 29;

interface ReadModule {
  readonly path: string;
  readonly changed: number;
  readonly module: WasmModule;
}

/** Reads binary modules, and writes them as text. The last one is kept, since its functions may be asked for one by one. */
export class ModuleReader {
  #last: ReadModule | undefined;

  async textOf({ path, function: index }: ModuleTextParams): Promise<ModuleText> {
    try {
      const module = await this.#read(path);
      if (index === undefined) return printModule(module, basename(path));
      return disassembleFunction(module, index);
    } catch (error) {
      if (!(error instanceof WasmFormatError || isSystemError(error))) throw error;
      return { text: `;; ${basename(path)} cannot be read: ${error.message}\n`, offsets: [] };
    }
  }

  async #read(path: string): Promise<WasmModule> {
    const { mtimeMs, size } = await stat(path);
    if (this.#last?.path === path && this.#last.changed === mtimeMs) return this.#last.module;
    if (size > MAX_SIZE) throw new RangeError(`${basename(path)} is too large to be displayed`);
    const module = readModule(new Uint8Array(await readFile(path)));
    this.#last = { path, changed: mtimeMs, module };
    return module;
  }
}

/** Whether a file could not be read, or is too large. */
function isSystemError(error: unknown): error is Error {
  return error instanceof RangeError || (error instanceof Error && 'syscall' in error);
}
