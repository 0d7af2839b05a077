import { isWasmBinary, type TestCase, TestNameError, testsOf } from '../../../runtime/internal.ts';
import { ModuleReadError, readBinary, readDeclared } from '../../modules/module-error.ts';
import { exportPlaces, type TextPlace } from './export-places.ts';
import { type SourceRange, testSources } from './test-places.ts';

/** A test, and where it stands. */
export interface FoundTest extends TestCase {
  /** Where a source defines it, or where the text of its module exports it, which has no file. */
  readonly place: TestPlace | null;
}

/** A place in a source, or in the module itself. */
export type TestPlace = TextPlace & Partial<SourceRange>;

/** What a module tells without being run. */
export interface ModuleTests {
  readonly tests: readonly FoundTest[];
  /** Absolute paths of the sources that have code in the module, as far as they are known. */
  readonly sources: readonly string[];
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
 * @param top the folder in which its sources are looked for; without it they are not
 * @throws ModuleReadError
 */
export async function readModuleTests(bytes: Uint8Array, path: string, top?: string): Promise<ModuleTests> {
  const isText = !isWasmBinary(bytes);
  const exported = isText ? exportPlaces(new TextDecoder().decode(bytes)) : new Map<string, TextPlace>();
  try {
    const module = readDeclared(isText ? await readBinary(bytes, path) : bytes);
    const tests = testsOf(module);
    const { places, files } =
      isText || top === undefined || tests.length === 0
        ? { places: exported, files: [] }
        : testSources(module, tests, { path, top });
    return {
      tests: tests.map((test) => ({ ...test, place: places.get(test.exportName) ?? null })),
      sources: files,
    };
  } catch (error) {
    if (!(error instanceof TestNameError)) throw error;
    throw new ModuleReadError([{ message: error.message }], error);
  }
}
