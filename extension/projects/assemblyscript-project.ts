import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import * as v from 'valibot';
import { readJson } from './json-file.ts';
import { type Build, type Profile, type Project, ProjectError } from './project.ts';

const Options = v.looseObject({ outFile: v.optional(v.string()) });

/** The part of `asconfig.json` that matters here. */
const Config = v.object({
  entries: v.optional(v.union([v.string(), v.array(v.string())]), []),
  options: v.optional(Options, {}),
  targets: v.optional(v.record(v.string(), Options), {}),
});

/** Where npm puts the compiler. */
const COMPILER = join('node_modules', 'assemblyscript', 'bin', 'asc.js');

/**
 * Reads a project of AssemblyScript. Its entries make one module.
 * @param config path of its `asconfig.json`
 * @throws ProjectError
 */
export async function readAssemblyScriptProject(config: string): Promise<Project> {
  const folder = dirname(config);
  const { entries, options, targets } = await readJson(config, Config);
  const [entry] = typeof entries === 'string' ? [entries] : entries;
  const name = basename(folder);
  return {
    name,
    file: config,
    folder,
    isForWasm: true,
    targets: async () => [
      {
        name,
        source: entry === undefined ? undefined : resolve(folder, entry),
        launch: { cwd: folder },
        build: async (profile) => {
          const own = targets[profile]?.outFile;
          const outFile = own ?? options.outFile;
          if (outFile === undefined) {
            throw new ProjectError(
              `${config} does not say where the module is: targets.${profile}.outFile is missing`,
            );
          }
          const build = compile(
            folder,
            profile in targets ? ['--target', profile] : [],
            resolve(folder, outFile),
          );
          // A module that both profiles make may be that of the other one.
          return own === undefined ? build : { ...build, sources: { folder, names: /\.(ts|json)$/ } };
        },
      },
    ],
  };
}

/** Compiles one source of AssemblyScript. */
export function compileAssemblyScript(source: string, module: string, profile: Profile): Build {
  const options = profile === 'debug' ? ['--debug', '--sourceMap'] : ['--optimize'];
  return compile(dirname(source), [source, '--outFile', module, '--exportTable', ...options], module);
}

/** @throws ProjectError if the compiler is not installed */
function compile(folder: string, args: readonly string[], module: string): Build {
  const compiler = findCompiler(folder);
  if (compiler === undefined) {
    throw new ProjectError(
      'The compiler of AssemblyScript is not installed here. To install it: npm install',
      {
        title: 'Install',
        command: existsSync(join(folder, 'package.json'))
          ? 'npm install'
          : 'npm install --save-dev assemblyscript',
        cwd: folder,
      },
    );
  }
  return {
    steps: [{ command: 'node', args: [compiler, ...args] }],
    cwd: folder,
    output: 'text',
    module: { kind: 'file', path: module },
  };
}

/** Looks for the compiler in a folder and in those that contain it, as Node does. */
export function findCompiler(start: string): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    const path = join(folder, COMPILER);
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) return undefined;
  }
}
