/** What is said of a module with which no program can begin. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { checkProgram } from '../../../extension/programs/check-program.ts';

/** The module of a project, with two functions. */
function project(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'lunatic-check-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'build'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const module = join(folder, 'build', 'debug.wat');
  const add = '(func (export "add") (param i32 i32) (result i32) (i32.const 0))';
  writeFileSync(module, `(module ${add} (func (export "night")))`);
  return module;
}

test('a module begins with a function that takes and returns nothing', async () => {
  const module = project({});
  await expect(checkProgram(module, 'night')).resolves.toBeUndefined();
  await expect(checkProgram(module, 'add')).rejects.toMatchObject({
    message:
      'A program begins with the exported function add, which takes and returns nothing. This module has none. "entry" in a launch configuration can name another one: night',
  });
});

test('one of AssemblyScript, as asinit makes it, is told how it gets one', async () => {
  const module = project({ 'asconfig.json': '{}' });
  await expect(checkProgram(module)).rejects.toMatchObject({
    config: join(module, '..', '..', 'asconfig.json'),
    message: expect.stringMatching(
      /This module has none\. Export a function _start, or add "exportStart": "_start" to the options in asconfig\.json: /,
    ),
  });
});
