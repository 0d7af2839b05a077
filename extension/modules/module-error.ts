import { basename } from 'node:path';
import { assembleText, isWasmBinary, readModule, WasmFormatError, WatError } from '../../runtime/internal.ts';

/** One thing that is wrong with a module. */
export interface ModuleFault {
  readonly message: string;
  /** Where in the text of a module it is, from 0, in UTF-16 units; undefined in a binary, whose messages name the offset. */
  readonly range?: { readonly line: number; readonly column: number; readonly length: number };
}

/** A module that cannot be read. The message tells its first fault, on one line. */
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
 * The binary of a module, which is assembled where it is a text.
 * @param path for messages, and to know a text module by
 * @throws ModuleReadError
 */
export async function readBinary(bytes: Uint8Array, path: string): Promise<Uint8Array> {
  if (!path.toLowerCase().endsWith('.wat') || isWasmBinary(bytes)) {
    checkBinary(bytes);
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

function checkBinary(bytes: Uint8Array): void {
  try {
    readModule(bytes);
  } catch (error) {
    if (!(error instanceof WasmFormatError)) throw error;
    throw new ModuleReadError([{ message: error.message }], error);
  }
}

/**
 * What the assembler complains about:
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
      // The assembler counts bytes.
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
