import type { LoadedModule } from '../kernel/module.ts';
import { displayName } from '../text/display-name.ts';
import { readModule, type WasmModule } from '../wasm/index.ts';
import { type TestCase, TestNameError } from './test-case.ts';

const PREFIX = '#lunatic_test_';
const IGNORE = '#ignore_';
const PANIC = '#panic_';

/** The prefix of an early draft. It has no marks, and only functions without parameters and results are tests. */
const OLDER_PREFIX = '__lunatic_test_';
/** The export that the same draft runs to its end before the tests. */
const OLDER_SETUP = '__lunatic_start_test';

/**
 * The tests of a module, in the order of its exports (abi 21.3.2).
 * @throws TestNameError
 */
export function discoverTests(module: LoadedModule): TestCase[] {
  return testsOf(module.source);
}

/**
 * The tests of a binary module. It is neither compiled nor linked, so this is quick, and works for a module whose imports
 * this runtime does not have.
 * @throws WasmFormatError, TestNameError
 */
export function readTests(bytes: Uint8Array): TestCase[] {
  return testsOf(readModule(bytes));
}

/**
 * The tests of a module that has been read.
 * @throws TestNameError
 */
export function testsOf(module: WasmModule): TestCase[] {
  const tests: TestCase[] = [];
  for (const { kind, name, index } of module.exports) {
    if (kind !== 'function') continue;
    if (name.startsWith(PREFIX)) tests.push(parseTestName(name));
    else if (name.startsWith(OLDER_PREFIX) && takesAndReturnsNothing(module, index)) {
      tests.push({
        name: name.slice(OLDER_PREFIX.length),
        exportName: name,
        ignored: false,
        expectedPanic: null,
      });
    }
  }
  return tests;
}

/** The export that has to run before the tests; null where there is none. */
export function setupExport(module: LoadedModule): string | null {
  return module.exportedFunction(OLDER_SETUP) === undefined ? null : OLDER_SETUP;
}

/**
 * Reads `"#lunatic_test_" [ "#ignore_" ] [ "#panic_" MESSAGE "#" ] NAME`, where each `#` of the message is `\#`.
 * @throws TestNameError where the message has no end
 */
export function parseTestName(exportName: string): TestCase {
  let rest = exportName.slice(PREFIX.length);
  const ignored = rest.startsWith(IGNORE);
  if (ignored) rest = rest.slice(IGNORE.length);
  if (!rest.startsWith(PANIC)) return { name: rest, exportName, ignored, expectedPanic: null };
  rest = rest.slice(PANIC.length);
  const end = rest.search(/(?<!\\)#/);
  if (end < 0) {
    throw new TestNameError(
      `the export "${displayName(exportName)}" is not a test: the panic message after ${PANIC} must end with #`,
    );
  }
  const expectedPanic = rest.slice(0, end).replaceAll('\\#', '#');
  return { name: rest.slice(end + 1), exportName, ignored, expectedPanic };
}

function takesAndReturnsNothing(module: WasmModule, functionIndex: number): boolean {
  const type = module.functionType(functionIndex);
  return type !== undefined && type.params.length === 0 && type.results.length === 0;
}
