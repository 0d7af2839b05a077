import { setFlagsFromString } from 'node:v8';
import { printable } from '../text/printable.ts';
import { ModuleError } from './module-error.ts';

/** Bytes from which on checking takes longer than loading what is needed to leave it out. */
const LARGE = 2 ** 20;

/**
 * Compiles a rewritten module.
 * @param isChecked whether this V8 has compiled these bytes before. Then each function is checked when it is first called,
 *   and not all of them at once
 * @throws ModuleError if a function that was just small enough for V8 no longer is with its checks
 */
export function compile(bytes: Uint8Array, isChecked: boolean): WebAssembly.Module {
  const later = isChecked && bytes.length >= LARGE;
  try {
    if (later) setFlagsFromString('--wasm-lazy-validation');
    return new WebAssembly.Module(bytes);
  } catch (error) {
    const text = printable(error instanceof Error ? error.message : String(error));
    throw new ModuleError(`the module cannot be compiled with its checks for preemption: ${text}`, {
      cause: error,
    });
  } finally {
    if (later) setFlagsFromString('--no-wasm-lazy-validation');
  }
}

/** Frees the bytes of a large module that has been compiled: V8 has a copy of its own. Nobody may use them any more. */
export function discard({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= LARGE) buffer.transfer(0);
}

/** Lets V8 check the author's own bytes, so that offsets in its errors are those of the author's module. */
export function validate(bytes: Uint8Array): void {
  if (WebAssembly.validate(bytes)) return;
  try {
    new WebAssembly.Module(bytes);
  } catch (error) {
    const text = printable(error instanceof Error ? error.message : String(error));
    throw new ModuleError(text.replace(/^WebAssembly\.Module\(\): /, ''), { cause: error });
  }
  throw new ModuleError('the module is not valid');
}
