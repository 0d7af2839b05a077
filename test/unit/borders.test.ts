import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import config from '../../.dependency-cruiser.mjs';
import { projectFolder } from '../support/command.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-borders-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes a file with these lines. */
function write(path: string, ...lines: string[]): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
}

/** Returns the names of the rules that the files break. */
async function broken(): Promise<string[]> {
  const { forbidden = [], options } = config;
  const { output } = await cruise(['.'], {
    ...options,
    baseDir: folder,
    ruleSet: { forbidden },
    validate: true,
  });
  const { violations } = (output as ICruiseResult).summary;
  return [...new Set(violations.map(({ rule }) => rule.name))];
}

/** Returns the rules that a file at `path` breaks when it imports `module`, which is there. */
async function whenImporting(path: string, module: string): Promise<string[]> {
  write(path, `import { thing } from '${module}';`, 'thing();');
  if (module.startsWith('.')) write(join(dirname(path), module), 'export function thing(): void {}');
  return broken();
}

test.each([
  ['runtime/runtime.ts', './host/b.ts'],
  ['runtime/host/a.ts', '../kernel/process.ts'],
  ['runtime/host/a.ts', './sqlite/b.ts'],
  ['runtime/internal.ts', './testing/index.ts'],
  ['runtime/text/a.ts', 'node:path'],
  ['debug-adapter/a.ts', '@vscode/debugadapter'],
  ['debug-adapter/a.ts', '../runtime/index.ts'],
  ['debug-adapter/a.ts', '../runtime/internal.ts'],
  ['debug-adapter/a.ts', '../runtime/inspect/protocol.ts'],
  ['extension/views/a.ts', '../../runtime/inspect/view/index.ts'],
  ['extension/a.ts', 'vscode'],
  ['extension/a.ts', '../debug-adapter/index.ts'],
])('%s may import %s', async (path, module) => {
  expect(await whenImporting(path, module)).toEqual([]);
});

test.each([
  ['runtime/text/a.ts', '../wasm/b.ts', 'order-of-runtime: text'],
  ['runtime/symbols/a.ts', '../kernel/b.ts', 'order-of-runtime: symbols'],
  ['runtime/net/a.ts', '../hostcall/b.ts', 'order-of-runtime: net'],
  ['runtime/kernel/a.ts', '../runtime.ts', 'order-of-runtime: kernel'],
  ['runtime/host/a.ts', '../runtime.ts', 'order-of-runtime: host'],
  ['runtime/runtime.ts', './inspect/b.ts', 'order-of-runtime: runtime.ts'],
  ['runtime/cli/a.ts', '../index.ts', 'order-of-runtime: cli'],
  ['runtime/index.ts', './internal.ts', 'order-of-runtime: index.ts'],
  ['runtime/unheard-of/a.ts', '../text/b.ts', 'order-of-runtime: unknown'],
  ['runtime/kernel/a.ts', '../unheard-of/b.ts', 'order-of-runtime: kernel'],
  ['runtime/cli/a.ts', '../../extension/b.ts', 'one-way: runtime'],
  ['runtime/kernel/a.ts', '../../debug-adapter/index.ts', 'one-way: runtime'],
  ['runtime/cli/a.ts', 'vscode', 'vscode'],
  ['runtime/cli/a.ts', '@vscode/debugadapter', 'debug-adapter-protocol'],
  ['runtime/cli/a.ts', '../../test/b.ts', 'no-tests'],
  ['debug-adapter/a.ts', '../extension/b.ts', 'one-way: debug-adapter'],
  ['debug-adapter/a.ts', 'vscode', 'vscode'],
  ['debug-adapter/a.ts', '../runtime/kernel/process.ts', 'faces: runtime'],
  ['extension/views/a.ts', '../../runtime/kernel/process.ts', 'faces: runtime'],
  ['extension/views/a.ts', '../../runtime/kernel/index.ts', 'faces: runtime'],
  ['extension/a.ts', '../debug-adapter/session.ts', 'faces: debug-adapter'],
])('%s must not import %s', async (path, module, rule) => {
  expect(await whenImporting(path, module)).toContain(rule);
});

describe('circles of files', () => {
  test('are refused', async () => {
    write('runtime/host/a.ts', `import { b } from './b.ts';`, 'export const a = b;');
    write('runtime/host/b.ts', `import { c } from './c.ts';`, 'export const b = () => c;');
    write('runtime/host/c.ts', `import { a } from './a.ts';`, 'export const c = () => a;');
    expect(await broken()).toEqual(['no-circles']);
  });

  test('are refused if only types are imported', async () => {
    write('extension/a.ts', `import type { B } from './b.ts';`, 'export interface A { b: B }');
    write('extension/b.ts', `import { type A } from './a.ts';`, 'export interface B { a: A }');
    expect(await broken()).toEqual(['no-circles']);
  });

  test('are refused if types are only handed on', async () => {
    write('extension/a.ts', `export type { B } from './b.ts';`, 'export interface A {}');
    write('extension/b.ts', `import type { A } from './a.ts';`, 'export interface B { a: A }');
    expect(await broken()).toEqual(['no-circles']);
  });

  test('are refused if a file is loaded late', async () => {
    write('extension/a.ts', `export const b = () => import('./b.ts');`);
    write('extension/b.ts', `import { b } from './a.ts';`, 'export const c = b;');
    expect(await broken()).toEqual(['no-circles']);
  });
});

test('folders cannot be in a circle: a type-only import upwards is refused', async () => {
  write('runtime/kernel/a.ts', `import type { B } from '../host/b.ts';`, 'export interface A { b: B }');
  write('runtime/host/b.ts', `export interface B {}`);
  expect(await broken()).toEqual(['order-of-runtime: kernel']);
});

describe('the order inside runtime/', () => {
  const order = (config.forbidden ?? []).flatMap(({ name = '' }) => {
    const [, part] = /^order-of-runtime: (.*)$/.exec(name) ?? [];
    return part === undefined || part === 'unknown' ? [] : [part];
  });

  test('is the one that CONTRIBUTING tells', () => {
    const text = readFileSync(join(projectFolder, 'CONTRIBUTING.md'), 'utf8').replaceAll('\n', ' ');
    expect(text).toContain(order.map((part) => `\`${part}\``).join(', '));
  });

  test('has everything that is there, and nothing else', () => {
    const parts = readdirSync(join(projectFolder, 'runtime')).filter((name) => !name.endsWith('.d.ts'));
    expect(order.toSorted()).toEqual(parts.toSorted());
  });
});
