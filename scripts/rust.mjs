import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where a system has its own Rust, which rustup's may hide. */
export const SYSTEM_TOOLS = '/usr/bin';

/**
 * Whether this machine has a Rust that builds for WebAssembly.
 * @returns {boolean}
 */
export function canBuildRust() {
  return ['', `${SYSTEM_TOOLS}/`].some((folder) => {
    const { status, stdout } = spawnSync(`${folder}rustc`, ['--print', 'sysroot'], { encoding: 'utf8' });
    const targets = ['wasm32-wasip1', 'wasm32-wasi'];
    return (
      status === 0 &&
      spawnSync(`${folder}cargo`, ['--version']).status === 0 &&
      targets.some((target) => existsSync(join(stdout.trim(), 'lib', 'rustlib', target)))
    );
  });
}
