import { readFileSync } from 'node:fs';
import { printable } from '../text/printable.ts';
import { isWasmBinary, readModule, WasmFormatError, type WasmModule } from '../wasm/index.ts';
import { assembleApart } from '../wat/assemble-apart.ts';

/** A command cannot go on. The message is for the user. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code = 'LUNATIC_COMMAND_FAILED';
}

/**
 * Reads a module. One in the text format is assembled.
 * @throws CommandError
 */
export async function readModuleFile(path: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new CommandError(unreadable(path, error), { cause: error });
  }
  // The bytes are kept, and must not keep Node's shared buffer pool alive.
  if (isWasmBinary(bytes)) return bytes.length < bytes.buffer.byteLength ? new Uint8Array(bytes) : bytes;
  if (!path.endsWith('.wat')) throw new CommandError(notAModule(path, bytes));
  return await assembleApart(new TextDecoder().decode(bytes), path);
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
