/** Finds a Rust that builds for WebAssembly. */
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { rustTarget } from '../../extension/projects/tools.ts';
import { SYSTEM_TOOLS } from '../../scripts/rust.mjs';

/**
 * Makes the tools that build for WebAssembly the first ones in the `PATH` of this process, and of those that it starts. Returns the
 * target for which they build, if there are any.
 */
export async function findRust(): Promise<string | undefined> {
  const path = process.env['PATH'] ?? '';
  for (const candidate of [path, `${SYSTEM_TOOLS}:${path}`]) {
    process.env['PATH'] = candidate;
    const target = await rustTarget(tmpdir(), undefined).catch(() => undefined);
    if (target !== undefined && spawnSync('cargo', ['--version']).status === 0) return target;
  }
  process.env['PATH'] = path;
  return undefined;
}
