/** Makes projects of `lunatic new`: a pool of workers, called `pool`. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProject, LANGUAGES, RUST_TARGETS, TEMPLATES } from '../../../runtime/internal.ts';
import { projectFolder } from '../../support/command.ts';
import { prepareCrates } from '../../templates/crates.ts';
import type { Files } from './session.ts';

/** The files of a pool in a language. */
export function poolIn(name: 'assemblyscript' | 'c'): Files {
  return made(name, RUST_TARGETS[0], (files) => files);
}

/** The files of one in Rust. The crates that it needs are got and built, unless a test has done that before. */
export function poolInRust(target: string): Files {
  const known = RUST_TARGETS.find((one) => one === target) ?? RUST_TARGETS[0];
  return made('rust', known, (files, folder) => {
    const { config, target: built } = prepareCrates(folder);
    const path = '.cargo/config.toml';
    const text = `${files[path]}\n${config}`.replace(
      '[build]',
      `[build]\ntarget-dir = ${JSON.stringify(built)}`,
    );
    writeFileSync(join(folder, path), text);
    const cargo = (...args: string[]) => execFileSync('cargo', args, { cwd: folder, stdio: 'pipe' });
    cargo('build');
    // The crate of the test is another one.
    cargo('clean', '--package', 'pool');
    return { ...files, [path]: text };
  });
}

function made(
  name: string,
  target: (typeof RUST_TARGETS)[number],
  finish: (files: Files, folder: string) => Files,
): Files {
  const template = TEMPLATES.find((one) => one.name === 'workers');
  const language = LANGUAGES.find((one) => one.name === name);
  if (template === undefined || language === undefined) throw new Error(`there is no pool in ${name}`);
  const parent = mkdtempSync(join(tmpdir(), 'lunatic-pool-'));
  try {
    const folder = join(parent, 'pool');
    mkdirSync(folder);
    const paths = createProject(
      { folder, template, language, target },
      join(projectFolder, 'media', 'templates'),
    );
    const files = paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')] as const);
    return finish(Object.fromEntries(files), folder);
  } finally {
    rmSync(parent, { recursive: true });
  }
}
