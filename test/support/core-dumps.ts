import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, onTestFinished } from 'vitest';
import { lunatic, projectFolder } from './command.ts';

/** The programs that trap, with their sources. */
export const crashFolder = join(projectFolder, 'test', 'guests', 'crash');

/** A folder of the test. */
export function dumpFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lunatic-dump-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The path of a program of that folder. */
export function crashProgram(name: 'crash-c' | 'crash-rust', folder = dumpFolder()): string {
  const path = join(folder, `${name}.wasm`);
  const packed = name === 'crash-rust';
  const bytes = readFileSync(join(crashFolder, packed ? `${name}.wasm.gz` : `${name}.wasm`));
  writeFileSync(path, packed ? gunzipSync(bytes) : bytes);
  return path;
}

/** Runs a program that traps once, and returns the path of the dump. */
export async function dumpOf(program: string, options: readonly string[] = []): Promise<string> {
  const folder = dumpFolder();
  const { stderr } = await lunatic(['run', `--core-dump=${folder}`, ...options, program]);
  const [name = '', ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  const path = join(folder, name);
  expect(stderr).toContain(`was written to ${path}\n`);
  return path;
}
