import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import * as v from 'valibot';
import { readJson } from './json-file.ts';
import {
  type Build,
  type ModulePlace,
  type Profile,
  type Project,
  ProjectError,
  type Step,
} from './project.ts';

const Options = v.looseObject({ outFile: v.optional(v.string()) });

/** The part of `asconfig.json` that matters here. */
const Config = v.object({
  entries: v.optional(v.union([v.string(), v.array(v.string())]), []),
  options: v.optional(Options, {}),
  targets: v.optional(v.record(v.string(), Options), {}),
});

/** The part of `package.json` that matters here. */
const Manifest = v.object({ scripts: v.optional(v.record(v.string(), v.string()), {}) });

/** The entry that `asinit` makes. `asinit` names it only in the scripts of `package.json`. */
const USUAL_ENTRY = join('assembly', 'index.ts');

/** What a module is made of. Declarations are not: the compiler itself writes some, after the module. */
const SOURCES = /(?<!\.d)\.(ts|json)$/;

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
  const source = resolve(folder, entry ?? USUAL_ENTRY);
  const name = basename(folder);
  return {
    name,
    file: config,
    folder,
    isForWasm: true,
    targets: async () => [
      {
        name,
        source: entry !== undefined || existsSync(source) ? source : undefined,
        launch: { cwd: folder },
        build: async (profile) => {
          const compiler = requireCompiler(folder);
          const own = targets[profile]?.outFile;
          const outFile = own ?? options.outFile;
          const module: ModulePlace =
            outFile === undefined
              ? { kind: 'newest', folder }
              : { kind: 'file', path: resolve(folder, outFile), namedBy: `"outFile" in ${config}` };
          const step =
            entry !== undefined && outFile !== undefined
              ? asc(compiler, profile in targets ? ['--target', profile] : [])
              : await npmScript(folder, profile);
          if (step === undefined) {
            const missing = entry === undefined ? 'entries' : `targets.${profile}.outFile`;
            throw new ProjectError(
              `${config} has no ${missing}, and no script asbuild:${profile} in package.json says what is compiled: add one of them`,
            );
          }
          const build = buildOf(folder, step, module);
          // A module that both profiles make may be that of the other one.
          return own === undefined ? build : { ...build, sources: { folder, names: SOURCES } };
        },
      },
    ],
  };
}

/**
 * Runs the script of `package.json` that builds a profile: `asinit` names the entry only there, as in
 * `"asbuild:debug": "asc assembly/index.ts --target debug"`.
 * @throws ProjectError
 */
async function npmScript(folder: string, profile: Profile): Promise<Step | undefined> {
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) return undefined;
  const { scripts } = await readJson(manifest, Manifest);
  const script = [`asbuild:${profile}`, 'asbuild'].find((name) => Object.hasOwn(scripts, name));
  return script === undefined ? undefined : { command: 'npm', args: ['run', script] };
}

/** An export of a source that is called as a program begins. */
const START_EXPORT = /\bexport\b[^\n;]*\b_start\b/;

/**
 * Compiles one source of AssemblyScript. A program begins with its top level, unless it exports a `_start` itself.
 * @throws ProjectError if the compiler is not installed
 */
export async function compileAssemblyScript(
  source: string,
  module: string,
  profile: Profile,
): Promise<Build> {
  const folder = dirname(source);
  const options = profile === 'debug' ? ['--debug', '--sourceMap'] : ['--optimize'];
  const start = START_EXPORT.test(await readFile(source, 'utf8')) ? [] : ['--exportStart', '_start'];
  const args = [source, '--outFile', module, '--exportTable', ...start, ...options];
  const step = asc(requireCompiler(folder), args);
  return buildOf(folder, step, { kind: 'file', path: module });
}

function asc(compiler: string, args: readonly string[]): Step {
  return { command: 'node', args: [compiler, ...args] };
}

function buildOf(cwd: string, step: Step, module: ModulePlace): Build {
  return { steps: [step], cwd, output: 'text', module };
}

/** @throws ProjectError if the compiler is not installed */
function requireCompiler(folder: string): string {
  const compiler = findCompiler(folder);
  if (compiler !== undefined) return compiler;
  throw new ProjectError('The compiler of AssemblyScript is not installed here. To install it: npm install', {
    title: 'Install',
    command: existsSync(join(folder, 'package.json'))
      ? 'npm install'
      : 'npm install --save-dev assemblyscript',
    cwd: folder,
  });
}

/** Looks for the compiler in a folder and in those that contain it, as Node does. */
export function findCompiler(start: string): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    const path = join(folder, COMPILER);
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) return undefined;
  }
}
