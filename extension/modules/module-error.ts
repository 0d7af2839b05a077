import { basename } from 'node:path';
import { printableLines } from '../../runtime/inspect/view/index.ts';
import {
  assembleText,
  isWasmBinary,
  readModule,
  readOutline,
  WasmFormatError,
  type WasmModule,
  WatError,
} from '../../runtime/internal.ts';

/** One thing that is wrong with a module. */
export interface ModuleFault {
  readonly message: string;
  /**
   * Where the fault is in the text of the module. Lines and columns count from 0, columns in UTF-16 code units. Undefined for a
   * binary: its message names the offset.
   */
  readonly range?: { readonly line: number; readonly column: number; readonly length: number };
}

/** A module cannot be read. The message is its first fault, on one line. */
export class ModuleReadError extends Error {
  override readonly name = 'ModuleReadError';
  readonly code = 'LUNATIC_MODULE_READ';
  /** At least one. */
  readonly faults: readonly ModuleFault[];

  constructor(faults: readonly ModuleFault[], cause: unknown) {
    const [{ message, range } = { message: 'It cannot be read', range: undefined }] = faults;
    super(range === undefined ? message : `line ${range.line + 1}, column ${range.column + 1}: ${message}`, {
      cause,
    });
    this.faults = faults;
  }
}

/**
 * Returns the binary of a module. A text module is assembled.
 * @param path tells whether it is a text module; messages contain it
 * @throws ModuleReadError
 */
export async function readBinary(bytes: Uint8Array, path: string): Promise<Uint8Array> {
  if (!path.toLowerCase().endsWith('.wat') || isWasmBinary(bytes)) {
    read(bytes, readModule);
    return bytes;
  }
  const text = new TextDecoder().decode(bytes);
  try {
    return await assembleText(text, basename(path));
  } catch (error) {
    if (!(error instanceof WatError)) throw error;
    throw new ModuleReadError(faultsOf(error.message, text), error);
  }
}

/**
 * Reads what a binary declares. Its code is not looked at, which takes most of the time.
 * @throws ModuleReadError
 */
export function readDeclared(bytes: Uint8Array): WasmModule {
  return read(bytes, readOutline);
}

function read(bytes: Uint8Array, reader: (bytes: Uint8Array) => WasmModule): WasmModule {
  try {
    return reader(bytes);
  } catch (error) {
    if (!(error instanceof WasmFormatError)) throw error;
    throw new ModuleReadError([{ message: printableLines(error.message) }], error);
  }
}

/**
 * An error of the assembler:
 *
 *     program.wat:3:11: error: unexpected token blu, expected ).
 *      (func $x blu))
 *               ^^^
 */
const COMPLAINT = /^.*?:(\d+):(\d+): error: (.*)(?:\n.*\n *(\^+))?/gm;

function faultsOf(complaints: string, text: string): ModuleFault[] {
  const lines = text.split('\n');
  const faults = [...complaints.matchAll(COMPLAINT)].map(
    ([, line = '1', column = '1', message = '', mark = '^']): ModuleFault => {
      const content = Buffer.from(lines[Number(line) - 1] ?? '');
      const start = Number(column) - 1;
      // The assembler counts columns in bytes.
      const before = content.toString('utf8', 0, start).length;
      const length = content.toString('utf8', start, start + mark.length).length;
      return {
        message: message.replace(/\.$/, ''),
        range: { line: Number(line) - 1, column: before, length },
      };
    },
  );
  return faults.length > 0 ? faults : [{ message: complaints }];
}
