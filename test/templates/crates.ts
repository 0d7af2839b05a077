/** The crates of the templates in Rust: got once, and built once for all templates. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { projectFolder } from '../support/command.ts';

const LOCK = join(projectFolder, 'media', 'templates', 'rust', 'common', 'Cargo.lock');

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
