// Checks format, lint, the borders between the folders, and types. Counts what passed for the test run.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { install, jspiNode, projectFolder, run } from './setup.mjs';

const bin = (name) => join(projectFolder, 'node_modules', name);

const CHECKS = [
  ['format and lint', bin('@biomejs/biome/bin/biome'), ['check', '--error-on-warnings', '.']],
  [
    'borders',
    bin('dependency-cruiser/bin/dependency-cruiser.mjs'),
    [
      '--config',
      '.dependency-cruiser.mjs',
      '--output-type',
      'err-long',
      'runtime',
      'debug-adapter',
      'extension',
    ],
  ],
  ['types', bin('typescript/bin/tsc'), ['-p', '.']],
];

/** Runs every check and prints which failed. Returns how many passed, and the names of the others. */
export function check() {
  const failed = [];
  for (const [name, program, args] of CHECKS) {
    const ok = run(jspiNode, [program, ...args]) === 0;
    console.log(`${ok ? 'ok' : 'FAILED'}: ${name}`);
    if (!ok) failed.push(name);
  }
  return { passed: CHECKS.length - failed.length, failed };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  install();
  process.exit(check().failed.length === 0 ? 0 : 1);
}
