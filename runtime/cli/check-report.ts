import { printable, printableLines } from '../text/printable.ts';
import { bytesOf, countOf } from '../text/quantities.ts';
import type { Check, CheckedModule } from './check.ts';
import type { Paint } from './colors.ts';
import { describeMemory } from './module-text.ts';

/** The number of problems, and of warnings, that are printed for a file. */
const SHOWN_LINES = 50;

/** The number of modules for which imports are counted. */
const SHOWN_MODULES = 20;

/** The result of a check as text for people. */
export function describeCheck({ file, ok, problems, warnings, module }: Check, paint: Paint): string {
  const verdict = ok ? paint('green', 'ok') : paint('red', countOf(problems.length, 'problem'));
  const size = module === undefined ? '' : ` (${bytesOf(module.size)})`;
  const lines = [
    ...(module === undefined ? [] : describeModule(module)),
    ...listed(paint('red', 'problem'), problems),
    ...listed(paint('yellow', 'warning'), warnings),
  ];
  return `${printable(file)}: ${verdict}${size}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function describeModule({ imports, features, memories, exports, entry }: CheckedModule): string[] {
  const tests = exports.functions.flatMap(({ test }) => test ?? []);
  const ignored = tests.filter((test) => test.ignored).length;
  const exported = exports.memories.some(({ name }) => name === 'memory') ? ', exported as "memory"' : '';
  return [
    `imports   ${describeImports(imports)}`,
    `needs     ${needs(imports)}`,
    `features  ${features.length === 0 ? 'none beyond WebAssembly 1.0' : features.join(', ')}`,
    `memory    ${memories.map((memory) => describeMemory(memory)).join('; ') || 'none'}${exported}`,
    `entry     ${entry ? '_start' : 'none'}`,
    `tests     ${tests.length === 0 ? 'none' : tests.length}${ignored === 0 ? '' : `, ${ignored} ignored`}`,
  ];
}

/** `12 functions: lunatic::process 7, wasi_snapshot_preview1 5` */
function describeImports(imports: CheckedModule['imports']): string {
  if (imports.length === 0) return 'none';
  const modules = new Map<string, number>();
  for (const { module } of imports) modules.set(module, (modules.get(module) ?? 0) + 1);
  const all = [...modules].map(([name, number]) => `${printable(name.slice(0, 100))} ${number}`);
  const more = all.length - SHOWN_MODULES;
  return `${imports.length}: ${all.slice(0, SHOWN_MODULES).join(', ')}${more > 0 ? `, and of ${more} other modules` : ''}`;
}

/** The option with which the module links as far as it does, and others do not: `--allow-host=lunatic::process,wasi_snapshot_preview1`. */
function needs(imports: CheckedModule['imports']): string {
  const linked = imports.filter(({ status }) => status !== 'missing');
  const namespaces = [...new Set(linked.map(({ module }) => printable(module)))];
  if (imports.length === 0) return 'no host functions';
  const allowed = namespaces.length === 0 ? [] : [`--allow-host=${namespaces.join(',')}`];
  const missing = imports.length - linked.length;
  return [
    ...allowed,
    ...(missing === 0 ? [] : [`${countOf(missing, 'import')} that this runtime does not have`]),
  ].join(', and ');
}

function listed(title: string, texts: readonly string[]): string[] {
  const lines = texts
    .slice(0, SHOWN_LINES)
    .map((text) => `${title}   ${printableLines(text).replaceAll('\n', '\n            ')}`);
  const more = texts.length - SHOWN_LINES;
  return more > 0 ? [...lines, `... ${more} more`] : lines;
}
