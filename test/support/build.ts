import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { projectFolder } from './command.ts';

/** All that the bundles are made of, also the folders: from one of them a file may have gone. */
const SOURCES = ['{runtime,debug-adapter,extension}/**', 'scripts/*', 'package*.json'];

/**
 * Bundles the command before the tests that run it, unless it is newer than its sources: with the Node that npm runs on, as
 * `npm start` does, which may be older than the one that runs the tests. And makes a folder for what commands keep for each other.
 */
export default function setup(): () => void {
  build();
  const cache = mkdtempSync(join(tmpdir(), 'lunatic-test-cache-'));
  env['LUNATIC_CACHE_OF_TESTS'] = cache;
  return () => rmSync(cache, { recursive: true });
}

function build(): void {
  // What a build writes first, and last.
  const begun = changed('dist/program.cjs');
  const isWhole = changed('dist/command.cjs') > begun;
  if (isWhole && globSync(SOURCES, { cwd: projectFolder }).every((path) => changed(path) < begun)) return;
  execFileSync(env['npm_node_execpath'] ?? execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
}

/** When a file has changed, in milliseconds; 0 if there is none. */
function changed(path: string): number {
  return statSync(join(projectFolder, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
