import { isWasmBinary, readTests, type TestCase, TestNameError } from '../../runtime/internal.ts';
import { ModuleReadError, readBinary } from '../modules/module-error.ts';
import { exportPlaces, type TextPlace } from './export-places.ts';

/** A test, and where the text of its module exports it. */
export interface FoundTest extends TestCase {
  readonly place: TextPlace | null;
}

/** Names of exports that are tests begin so, after `__` or `#`. Most text modules hold none: they need no assembling. */
const MARK = 'lunatic_test_';

/** Whether a module may have tests. One in whose bytes this cannot be found has none. */
export function mayHaveTests(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(MARK);
}

/**
 * The tests of a module, which is read and not run.
 * @param path for messages, and to know a text module by
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
