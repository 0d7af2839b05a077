import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RustTarget } from '../projects/rust-target.ts';
import { setUpAssemblyScript } from './init-assemblyscript.ts';
import { setUpCargo } from './init-cargo.ts';
import { CommandError } from './load.ts';
import { replaceFiles } from './replace-files.ts';

/**
 * Sets up a project so that it is built for this runtime and run by it. Calling it again changes nothing.
 * @returns texts for standard output, and hints for standard error
 * @throws CommandError or ProjectFileError. Then nothing has changed
 */
export function initProject(
  folder: string,
  options: { readonly target?: RustTarget },
): { done: string; hint: string } {
  const has = (name: string) => existsSync(join(folder, name));
  if (has('Cargo.toml')) {
    const { changes, target, chosen } = setUpCargo(folder, options.target);
    replaceFiles(changes);
    const renamed = chosen && target === 'wasm32-wasi';
    return {
      done: 'Cargo project initialized!\n',
      hint: renamed
        ? 'It will be built for wasm32-wasi. Rust 1.84 and newer know wasm32-wasip1 instead: for them remove what was\n' +
          'written to .cargo/config.toml and run `lunatic init --target wasm32-wasip1`.\n'
        : '',
    };
  }
  if (!has('asconfig.json') && !has('package.json'))
    throw new CommandError('Must be called inside a cargo project, or one of AssemblyScript');
  if (options.target !== undefined) throw new CommandError('--target is for cargo projects');
  const changes = setUpAssemblyScript(folder);
  replaceFiles(changes);
  return {
    done: 'AssemblyScript project initialized!\n',
    hint:
      changes.length === 0
        ? ''
        : 'Get the packages with `npm install`; build and run with `npm run lunatic`.\n',
  };
}
