import { isWasmBinary, readTests, type TestCase, TestNameError } from '../../runtime/internal.ts';
import { ModuleReadError, readBinary } from '../modules/module-error.ts';
import { exportPlaces, type TextPlace } from './export-places.ts';

/** A test, and where the text of its module exports it. */
export interface FoundTest extends TestCase {
  readonly place: TextPlace | null;
}

/** Part of the export names of tests, after `__` or `#`. Most modules do not contain it, so they need not be read. */
const MARK = 'lunatic_test_';

/** Whether a module may have tests, as far as a search of its bytes can tell. */
export function mayHaveTests(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(MARK);
}

/**
 * Reads the tests of a module without running it.
 * @param path tells whether it is a text module; messages contain it
 * @throws ModuleReadError
 */
export async function readModuleTests(bytes: Uint8Array, path: string): Promise<FoundTest[]> {
  const isText = !isWasmBinary(bytes);
  const places = isText ? exportPlaces(new TextDecoder().decode(bytes)) : new Map<string, TextPlace>();
  try {
    return readTests(await readBinary(bytes, path)).map((test) => ({
      ...test,
      place: places.get(test.exportName) ?? null,
    }));
  } catch (error) {
    if (!(error instanceof TestNameError)) throw error;
    throw new ModuleReadError([{ message: error.message }], error);
  }
}
