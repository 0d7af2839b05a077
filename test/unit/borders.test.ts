import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectFolder } from '../support/command.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-borders-'));
  const {
    vcs: _,
    $schema: __,
    ...config
  } = JSON.parse(readFileSync(join(projectFolder, 'biome.json'), 'utf8'));
  writeFileSync(join(folder, 'biome.json'), JSON.stringify(config));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Whether the linter lets a file at `path` import `module`. */
function allowed(path: string, module: string): boolean {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `import { thing } from '${module}';\n\nthing();\n`);
  const biome = join(projectFolder, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');
  const { stdout, stderr, status } = spawnSync(process.execPath, [biome, 'lint', file], { cwd: folder });
  const output = `${stdout}${stderr}`;
  if (status !== 0 && !output.includes('noRestrictedImports')) throw new Error(output);
  return status === 0;
}

test.each([
  ['runtime/a.ts', '../extension/b.ts', false],
  ['runtime/kernel/a.ts', '../../debug-adapter/index.ts', false],
  ['runtime/a.ts', 'vscode', false],
  ['runtime/a.ts', '@vscode/debugadapter', false],
  ['runtime/host/a.ts', '../kernel/process.ts', true],
  ['debug-adapter/a.ts', '../extension/b.ts', false],
  ['debug-adapter/a.ts', 'vscode', false],
  ['debug-adapter/a.ts', '../runtime/kernel/process.ts', false],
  ['debug-adapter/a.ts', '../runtime/index.ts', true],
  ['debug-adapter/a.ts', '../runtime/inspect/protocol.ts', true],
  ['extension/a.ts', 'vscode', true],
  ['extension/views/a.ts', '../../runtime/kernel/process.ts', false],
  ['extension/views/a.ts', '../../runtime/index.ts', true],
  ['extension/a.ts', '../debug-adapter/session.ts', false],
  ['extension/a.ts', '../debug-adapter/index.ts', true],
])('%s importing %s: %s', (path, module, expected) => {
  expect(allowed(path, module)).toBe(expected);
});
