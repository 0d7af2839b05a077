import { basename } from 'node:path';
import { assembleText, isWasmBinary, readTests, type TestCase } from '../../runtime/internal.ts';
import { exportPlaces, type TextPlace } from './export-places.ts';

/** A test, and where the text of its module exports it. */
export interface FoundTest extends TestCase {
  readonly place: TextPlace | null;
}

/** Names of exports that are tests begin so, after `__` or `#`. Most text modules hold none: they need no assembling. */
const MARK = /(__|#)lunatic_test_/;

/**
 * The tests of a module, which is read and not run.
 * @param path for messages, and to know a text module by
 * @throws what is wrong with the module
 */
export async function readModuleTests(bytes: Uint8Array, path: string): Promise<FoundTest[]> {
  if (isWasmBinary(bytes)) return readTests(bytes).map((test) => ({ ...test, place: null }));
  if (!path.endsWith('.wat')) return [];
  const text = new TextDecoder().decode(bytes);
  if (!MARK.test(text)) return [];
  const tests = readTests(await assembleText(text, basename(path)));
  const places = exportPlaces(text);
  return tests.map((test) => ({ ...test, place: places.get(test.exportName) ?? null }));
}
