import type { WasmModule } from '../wasm/index.ts';
import { elementsAbout } from './instance-time.ts';

/** Bytes that an instance takes for each thing of its module, besides memories. Measured, and rounded up. */
const FUNCTION_SIZE = 16;
const GLOBAL_SIZE = 16;
/** An element of a table, at the start or by which it grows, and a function that is written there at the start. */
export const PLACE_SIZE = 32;
const ELEMENT_SIZE = 48;

/** What nearly all instances stay below: it does not count, since there may be thousands of processes. */
const USUAL_SIZE = 64 * 1024;

/** Bytes that an instance takes besides its memories which are worth counting, from the outline of its module. */
export function instanceSize(source: WasmModule): number {
  const { importedFunctions, functions, globals, tables } = source;
  const places = tables.reduce((sum, { initial }) => sum + initial, 0);
  const size =
    FUNCTION_SIZE * (importedFunctions + functions.length) +
    GLOBAL_SIZE * globals.length +
    PLACE_SIZE * places +
    ELEMENT_SIZE * elementsAbout(source);
  return size <= USUAL_SIZE ? 0 : size;
}
