import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NodeFinder, NodeNotFoundError, type NodePlaces } from '../../../extension/node/node-finder.ts';
import { type Probed, probeNode } from '../../../extension/node/probe.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-nodes-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A file that stands for an executable. What it answers is its text. */
function executable(path: string, answer: string): string {
  const file = join(folder, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, answer);
  return file;
}

const asked: { readonly path: string; readonly env: Readonly<Record<string, string>> }[] = [];
beforeEach(() => {
  asked.length = 0;
});

const finder = () =>
  new NodeFinder(async (path, env): Promise<Probed> => {
    asked.push({ path, env });
    if (path.includes('new')) return { kind: 'suspends', version: 'v26.0.0' };
    return path.includes('old')
      ? { kind: 'too-old', version: 'v20.1.0' }
      : { kind: 'broken', message: 'it is not Node' };
  });

const places = (more: Partial<NodePlaces> = {}): NodePlaces => ({
  setting: '',
  extensionFolder: join(folder, 'extension'),
  execPath: join(folder, 'host', 'old'),
  isElectron: false,
  searchPath: '',
  platform: 'linux',
  ...more,
});

describe('the Node for programs is', () => {
  test('the one that is set', async () => {
    const setting = executable('mine/new-node', '');
    executable('extension/dist/node/node', '');
    expect(await finder().find(places({ setting }))).toMatchObject({ path: setting, origin: 'setting' });
  });

  test("the extension's own", async () => {
    const path = executable('new/dist/node/node', '');
    const extensionFolder = join(folder, 'new');
    expect(await finder().find(places({ extensionFolder }))).toMatchObject({ path, origin: 'bundled' });
  });

  test('the one that runs extensions', async () => {
    const execPath = executable('host/new', '');
    const found = await finder().find(places({ execPath }));
    expect(found).toEqual({ path: execPath, origin: 'own', env: {}, version: 'v26.0.0' });
  });

  test('that one also where it is Electron, which has to be told', async () => {
    const execPath = executable('host/new', '');
    const found = await finder().find(places({ execPath, isElectron: true }));
    expect(found.env).toEqual({ ELECTRON_RUN_AS_NODE: '1' });
    expect(asked).toEqual([{ path: execPath, env: { ELECTRON_RUN_AS_NODE: '1' } }]);
  });

  test('the first in PATH', async () => {
    executable('host/old', '');
    const path = executable('new-bin/node', '');
    const searchPath = ['', join(folder, 'empty'), join(folder, 'new-bin'), '/usr/bin'].join(delimiter);
    expect(await finder().find(places({ searchPath }))).toMatchObject({ path, origin: 'path', env: {} });
  });
});

test('where none will do, the error tells what was found, and what to do', async () => {
  const host = executable('host/old', '');
  const inPath = executable('bin/node', '');
  const error = await finder()
    .find(places({ searchPath: join(folder, 'bin') }))
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(NodeNotFoundError);
  expect(String(error)).toBe(
    'NodeNotFoundError: Programs need a Node with JavaScript Promise Integration (24.21, or 26 and newer). ' +
      `Found: ${host}: v20.1.0, which cannot suspend wasm; ${inPath}: cannot be run: it is not Node. ` +
      'Install one, and name it in the setting lunatic.node.',
  );
});

test('a setting that will not do is not passed over', async () => {
  executable('host/new', '');
  const setting = join(folder, 'nowhere');
  await expect(finder().find(places({ setting, execPath: join(folder, 'host/new') }))).rejects.toThrow(
    `${setting}: no such file. Correct the setting, or leave it empty.`,
  );
});

test('an executable is asked again when it has changed', async () => {
  const execPath = executable('host/new', '');
  const nodes = finder();
  await nodes.find(places({ execPath }));
  await nodes.find(places({ execPath }));
  expect(asked).toHaveLength(1);
  utimesSync(execPath, 1, 1);
  await nodes.find(places({ execPath }));
  expect(asked).toHaveLength(2);
});

describe('asking an executable', () => {
  test('this Node', async () => {
    expect(await probeNode(process.execPath, {})).toEqual({ kind: 'suspends', version: process.version });
  });

  test('what is no Node', async () => {
    const script = executable('script', '#!/bin/sh\nexit 3\n');
    chmodSync(script, 0o755);
    expect(await probeNode(script, {})).toMatchObject({ kind: 'broken' });
    expect(await probeNode(join(folder, 'nowhere'), {})).toMatchObject({ kind: 'broken' });
  });

  test('one without JSPI', async () => {
    const script = executable('old', '#!/bin/sh\necho v20.0.0 false\n');
    chmodSync(script, 0o755);
    expect(await probeNode(script, {})).toEqual({ kind: 'too-old', version: 'v20.0.0' });
  });
});
