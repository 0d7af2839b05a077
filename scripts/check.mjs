// Format, lint with the borders between the folders, and types. Counts what passed for the test run.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { install, projectFolder, run } from './setup.mjs';

const bin = (name) => join(projectFolder, 'node_modules', name);

const CHECKS = [
  ['format, lint and borders', [bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.']],
  ['types', [bin('typescript/bin/tsc'), '-p', '.']],
];

/** Runs every check and prints which failed. */
export function check() {
  let failed = 0;
  for (const [name, args] of CHECKS) {
    const ok = run(process.execPath, args) === 0;
    console.log(`${ok ? 'ok' : 'FAILED'}: ${name}`);
    if (!ok) failed++;
  }
  return { passed: CHECKS.length - failed, failed };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  install();
  process.exit(check().failed === 0 ? 0 : 1);
}
