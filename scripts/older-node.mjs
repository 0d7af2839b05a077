import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The path of the first Node of the machine that cannot suspend wasm, which hands the command over to another one.
 * @returns {string | undefined}
 */
export function findOlderNode() {
  const executable = process.platform === 'win32' ? 'node.exe' : 'node';
  return (
    (process.env.PATH ?? '')
      .split(delimiter)
      // npm puts its own before all others.
      .filter((folder) => !folder.includes('node_modules'))
      .map((folder) => join(folder, executable))
      .find((node) => existsSync(node) && !canSuspend(node))
  );
}

function canSuspend(node) {
  const { stdout, status } = spawnSync(node, ['-p', "'Suspending' in WebAssembly"], { encoding: 'utf8' });
  return status !== 0 || stdout.trim() === 'true';
}
