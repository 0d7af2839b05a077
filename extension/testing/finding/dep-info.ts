import { dirname, resolve } from 'node:path';
import { readWorkspaceFile } from '../../modules/read-file.ts';
import { isCargoBuild } from './newest-builds.ts';

/** Bytes of the largest file of cargo's that is read: it names all sources of a crate. */
const MAX_SIZE = 2 ** 20;

/**
 * The first source of a module that cargo has made, as `src/lib.rs`: cargo says so in a file beside the module,
 * `target/wasm32-wasi/debug/deps/shop-0123456789abcdef.d`. Undefined if there is none.
 * @returns an absolute path
 */
export async function crateRoot(module: string): Promise<string | undefined> {
  if (!isCargoBuild(module)) return undefined;
  const text = await readWorkspaceFile(module.replace(/\.wasm$/, '.d'), MAX_SIZE).catch(() => undefined);
  const line = text === undefined ? '' : (Buffer.from(text).toString().split('\n', 1)[0] ?? '');
  // Spaces in paths are escaped.
  const named = /^.*?[^\\]: ((?:\\ |[^ ])+)/.exec(line)?.[1]?.replaceAll('\\ ', ' ');
  if (named === undefined) return undefined;
  // From the folder of the workspace, in which `target` is unless somebody has said otherwise.
  return resolve(dirname(module), '..', '..', '..', '..', named);
}
