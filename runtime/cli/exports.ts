import { signatureText } from '../host/linker.ts';
import { displayName } from '../text/display-name.ts';
import { jsonText } from '../text/json-text.ts';
import { type ColorChoice, type Paint, paintFor, wantsColors } from './colors.ts';
import { readModuleFile, readModuleOf } from './load.ts';
import { type ExportedFunction, type ModuleExports, readExports } from './module-exports.ts';
import { describeMemory, describeTable } from './module-text.ts';

const STDOUT = 1;

/** The length up to which names are padded, so that what follows is aligned. */
const WIDEST = 50;

/**
 * The exports of a module, as text for people or as JSON.
 * @throws CommandError, or an error of the module
 */
export async function listExports(
  path: string,
  { json, color }: { readonly json: boolean; readonly color: ColorChoice },
): Promise<string> {
  const bytes = await readModuleFile(path);
  const exports = readExports(readModuleOf(path, bytes));
  if (json) return `${jsonText({ file: path, ...exports }, 2)}\n`;
  return describeExports(exports, paintFor(wantsColors(STDOUT, color)));
}

function describeExports(exports: ModuleExports, paint: Paint): string {
  const { functions, memories, tables, globals, tags } = exports;
  const lists: [title: string, rows: [name: string, text: string][]][] = [
    [
      'functions',
      functions.filter(({ test }) => test === undefined).map((fn) => [fn.name, describeFunction(fn, paint)]),
    ],
    [
      'tests',
      functions.flatMap(({ test }) => (test === undefined ? [] : [[test.name, describeTest(test, paint)]])),
    ],
    ['memories', memories.map((memory) => [memory.name, describeMemory(memory)])],
    ['tables', tables.map((table) => [table.name, describeTable(table)])],
    ['globals', globals.map(({ name, type, mutable }) => [name, `${type}${mutable ? ', mutable' : ''}`])],
    ['tags', tags.map(({ name, params }) => [name, signatureText({ params, results: [] })])],
  ];
  const filled = lists.filter(([, rows]) => rows.length > 0);
  if (filled.length === 0) return 'nothing is exported\n';
  return filled.map(([title, rows]) => `${paint('bold', title)}\n${describeRows(rows)}`).join('\n');
}

function describeRows(rows: readonly [name: string, text: string][]): string {
  const names = rows.map(([name]) => displayName(name));
  // Not as arguments: there may be a million.
  const width = Math.min(
    WIDEST,
    names.reduce((most, { length }) => Math.max(most, length), 0),
  );
  return rows.map(([, text], i) => `  ${`${names[i]?.padEnd(width)}  ${text}`.trimEnd()}\n`).join('');
}

function describeFunction(fn: ExportedFunction, paint: Paint): string {
  const path = fn.demangled === undefined ? '' : `  ${paint('dim', displayName(fn.demangled))}`;
  return `${signatureText(fn)}${path}`;
}

function describeTest(
  { ignored, expectedPanic }: NonNullable<ExportedFunction['test']>,
  paint: Paint,
): string {
  const marks = [];
  if (ignored) marks.push(paint('yellow', 'ignored'));
  if (expectedPanic === '') marks.push('should panic');
  else if (expectedPanic !== null) marks.push(`should panic with "${displayName(expectedPanic)}"`);
  return marks.join(', ');
}
