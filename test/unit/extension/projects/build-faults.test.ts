/** What compilers have said is displayed until it is out of date, whichever project's build tells that. */
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { BuildFaults } from '../../../../extension/projects/build-faults.ts';
import type { Fault } from '../../../../extension/projects/compiler-messages.ts';

/** The messages that are displayed, by file, and how often a file's were set. */
const { displayed, set } = vi.hoisted(() => {
  const displayed = new Map<string, string[]>();
  const set = vi.fn((file: string, diagnostics: readonly { message: string }[]) => {
    displayed.set(
      file,
      diagnostics.map(({ message }) => message),
    );
  });
  return { displayed, set };
});

vi.mock('vscode', () => ({
  languages: { createDiagnosticCollection: () => ({ set }) },
  Uri: { file: (path: string) => path },
  Range: class {},
  DiagnosticSeverity: { Error: 0, Warning: 1 },
  Diagnostic: class {
    readonly message: string;
    constructor(_: unknown, message: string) {
      this.message = message;
    }
  },
}));

const folder = mkdtempSync(join(tmpdir(), 'lunatic-faults-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'lib.rs');
const SHOP = 'shop/Cargo.toml';
const TILL = 'till/Cargo.toml';
const LIBRARY = 'shop lib shop';

function fault(message: string, changed: Partial<Fault> = {}): Fault {
  const place = { file, line: 1, column: 1, endLine: 1, endColumn: 2 };
  return { ...place, severity: 'error', message, code: undefined, related: [], target: LIBRARY, ...changed };
}

let faults: BuildFaults;
beforeEach(() => {
  writeFileSync(file, '');
  displayed.clear();
  faults = new BuildFaults();
});
const messages = () => displayed.get(file);

test('until the same project is built again', () => {
  faults.add(SHOP, fault('in a test', { isOfTests: true }));
  expect(messages()).toEqual(['in a test']);
  faults.clear(SHOP);
  expect(messages()).toEqual([]);
});

test('until another project has compiled the crate', () => {
  faults.add(SHOP, fault('one'));
  faults.add(SHOP, fault('two'));
  set.mockClear();
  faults.compiled(TILL, 'other lib other', false);
  expect(messages()).toEqual(['one', 'two']);
  faults.compiled(TILL, LIBRARY, false);
  expect(messages()).toEqual([]);
  expect(set).toHaveBeenCalledTimes(1);
});

test('of tests until these are compiled, or the source has changed: a build without tests does not know them', () => {
  const ofTests = fault('in a test', { isOfTests: true });
  faults.add(SHOP, ofTests);
  faults.compiled(TILL, LIBRARY, false);
  faults.add(TILL, fault('in the library'));
  expect(messages()).toEqual(['in a test', 'in the library']);
  // Both builds have found this one.
  faults.add(TILL, fault('in a test'));
  expect(messages()?.toSorted()).toEqual(['in a test', 'in the library']);
  faults.clear(TILL);
  faults.add(SHOP, ofTests);
  faults.compiled(TILL, LIBRARY, true);
  expect(messages()).toEqual([]);
  faults.add(SHOP, ofTests);
  utimesSync(file, 1, 1);
  faults.compiled(TILL, LIBRARY, false);
  expect(messages()).toEqual([]);
});
