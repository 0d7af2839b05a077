import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { printable } from '../text/printable.ts';
import { isWasmBinary, readModule, WasmFormatError, type WasmModule } from '../wasm/index.ts';
import { assembleApart } from '../wat/assemble-apart.ts';

/** Bytes of the largest module that V8 takes. */
const MAX_MODULE = 2 ** 30;

/** A command cannot go on. The message is for the user. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code = 'LUNATIC_COMMAND_FAILED';
}

/** A command line names what there is not, or what cannot be. The message is for the user. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'LUNATIC_WRONG_USAGE';
}

/**
 * Reads a module. One in the text format is assembled.
 * @throws CommandError
 */
export async function readModuleFile(path: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = contentOf(path);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(unreadable(path, error), { cause: error });
  }
  // The bytes are kept, and must not keep Node's shared buffer pool alive.
  if (isWasmBinary(bytes)) return bytes.length < bytes.buffer.byteLength ? new Uint8Array(bytes) : bytes;
  if (!path.endsWith('.wat')) throw new CommandError(notAModule(path, bytes));
  return await assembleApart(new TextDecoder().decode(bytes), path);
}

/** Reads a file. One that tells no size, as a pipe or a device, may have no end: it is read while it may be a module. */
function contentOf(path: string): Uint8Array {
  const file = openSync(path, 'r');
  try {
    if (fstatSync(file).size > 0) return readFileSync(file);
    let bytes = Buffer.allocUnsafeSlow(2 ** 16);
    for (let size = 0; ; ) {
      const count = readSync(file, bytes, size, bytes.length - size, null);
      if (count === 0) return bytes.subarray(0, size);
      size += count;
      if (size >= 4 && !isWasmBinary(bytes) && !path.endsWith('.wat')) return bytes.subarray(0, size);
      if (size > MAX_MODULE)
        throw new CommandError(
          `Module '${printable(path)}' is larger than 1 GiB, which is the most that V8 takes`,
        );
      if (size === bytes.length) bytes = Buffer.concat([bytes], 2 * size);
    }
  } finally {
    closeSync(file);
  }
}

/**
 * Reads the structure of a file's module.
 * @throws CommandError, whose message names the file
 */
export function readModuleOf(path: string, bytes: Uint8Array): WasmModule {
  try {
    return readModule(bytes);
  } catch (error) {
    throw error instanceof WasmFormatError ? malformed(path, error) : error;
  }
}

/** Names the file of a malformed module. */
export function malformed(path: string, error: WasmFormatError): CommandError {
  return new CommandError(`Module '${printable(path)}' is malformed: ${error.message}`, { cause: error });
}

function unreadable(path: string, error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  switch (code) {
    case 'ENOENT':
      return `Module '${printable(path)}' not found`;
    case 'EISDIR':
      return `Module '${printable(path)}' is a directory`;
    case 'EACCES':
      return `Module '${printable(path)}' cannot be read: permission denied`;
    default:
      return `Module '${printable(path)}' cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function notAModule(path: string, bytes: Uint8Array): string {
  if (bytes.length === 0) return `Module '${printable(path)}' is empty`;
  const start = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return `Module '${printable(path)}' is not a wasm module: it starts with ${start} instead of 00 61 73 6d`;
}
