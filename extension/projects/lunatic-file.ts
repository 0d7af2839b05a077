import { basename, dirname, resolve } from 'node:path';
import * as v from 'valibot';
import { displayName } from '../../runtime/internal.ts';
import { readJson } from './json-file.ts';
import type { Project } from './project.ts';

/** The shape of `lunatic.json`, of which `media/lunatic.schema.json` tells editors. */
const LunaticFile = v.strictObject({
  $schema: v.optional(v.string()),
  name: v.optional(v.string()),
  /** The module, relative to the file. */
  module: v.string(),
  /** The command that makes it, and its arguments. Without one it is there already. */
  build: v.optional(v.array(v.string()), []),
  args: v.optional(v.array(v.string())),
  env: v.optional(v.record(v.string(), v.nullable(v.string()))),
  cwd: v.optional(v.string()),
  dirs: v.optional(v.array(v.string())),
  entry: v.optional(v.string()),
  /** Options of `lunatic run`: permissions, limits, plugins. */
  runtimeArgs: v.optional(v.array(v.string())),
});

/**
 * Reads a `lunatic.json`, which says how any program is built and run.
 * @throws ProjectError
 */
export async function readLunaticFile(path: string): Promise<Project> {
  const folder = dirname(path);
  const {
    name: given = basename(folder),
    module,
    build,
    $schema: _,
    cwd = '.',
    ...launch
  } = await readJson(path, LunaticFile);
  const name = displayName(given);
  const [command, ...args] = build;
  return {
    name,
    file: path,
    folder,
    isForWasm: true,
    targets: async () => [
      {
        name,
        source: undefined,
        launch: { ...launch, cwd: resolve(folder, cwd) },
        build: async () => ({
          steps: command === undefined ? [] : [{ command, args }],
          cwd: folder,
          output: 'text',
          module: { kind: 'file', path: resolve(folder, module), namedBy: `"module" in ${path}` },
        }),
      },
    ],
  };
}
