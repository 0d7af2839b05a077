/** A Rust that builds for WebAssembly, with the crates of the templates: got once, and built once for all templates. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { rustTarget } from '../../extension/projects/tools.ts';
import { projectFolder } from '../support/command.ts';

/** Where a system has its own Rust, which rustup's may hide. */
const SYSTEM = '/usr/bin';

const LOCK = join(projectFolder, 'media', 'templates', 'rust', 'common', 'Cargo.lock');

/** Makes the tools that build for WebAssembly the first ones in the `PATH` of this process. Returns whether there are any. */
export async function findRust(): Promise<boolean> {
  const path = process.env['PATH'] ?? '';
  for (const candidate of [path, `${SYSTEM}:${path}`]) {
    process.env['PATH'] = candidate;
    const target = await rustTarget(tmpdir(), undefined).catch(() => undefined);
    if (target !== undefined && spawnSync('cargo', ['--version']).status === 0) return true;
  }
  process.env['PATH'] = path;
  return false;
}

/**
 * Gets the crates from their registry, unless that was done before.
 * @param crate a crate with the manifest and the lock file of the templates
 * @returns cargo's config that takes them from there, and a folder for what is built
 */
export function prepareCrates(crate: string): { readonly config: string; readonly target: string } {
  const version = spawnSync('rustc', ['--version'], { encoding: 'utf8' }).stdout;
  const digest = createHash('sha256').update(readFileSync(LOCK)).update(version).digest('hex').slice(0, 16);
  const cache = join(homedir(), '.cache', 'lunatic-templates', digest);
  const crates = join(cache, 'crates');
  if (!existsSync(crates)) {
    mkdirSync(cache, { recursive: true });
    const getting = mkdtempSync(join(cache, 'getting-'));
    // Cargos of before 1.68 know the present form of the registry, but do not use it by themselves.
    const env = { ...process.env, RUSTC_BOOTSTRAP: '1', CARGO_UNSTABLE_SPARSE_REGISTRY: 'true' };
    const got = spawnSync('cargo', ['vendor', getting], { cwd: crate, env, encoding: 'utf8' });
    if (got.status !== 0) throw new Error(`The crates of the templates cannot be got: ${got.stderr}`);
    try {
      renameSync(getting, crates);
    } catch {
      // Another run was faster.
      rmSync(getting, { recursive: true });
    }
  }
  const config = `[source.crates-io]\nreplace-with = "got"\n\n[source.got]\ndirectory = ${JSON.stringify(crates)}\n`;
  return { config, target: join(cache, 'target') };
}

/** Puts cargo's config into a folder: it counts for all crates below. */
export function writeCargoConfig(folder: string, config: string): void {
  mkdirSync(join(folder, '.cargo'));
  writeFileSync(join(folder, '.cargo', 'config.toml'), config);
}
