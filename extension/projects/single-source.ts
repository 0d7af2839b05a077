import { createHash } from 'node:crypto';
import { basename, dirname, extname, join } from 'node:path';
import { readWorkspaceFile } from '../modules/read-file.ts';
import { compileAssemblyScript, findCompiler } from './assemblyscript-project.ts';
import type { Build, Profile, Program, Project, Target } from './project.ts';
import { rustTarget } from './tools.ts';

type Compile = (source: string, module: string, profile: Profile) => Promise<Build>;

/** How sources are compiled that belong to no project, by their extensions. */
const COMPILERS: Readonly<Record<string, Compile>> = {
  '.rs': async (source, module, profile) => {
    const cwd = dirname(source);
    const options = profile === 'debug' ? ['-g'] : ['-O'];
    const args = ['--target', await rustTarget(cwd, undefined), '--edition', '2021', ...options];
    return build(source, module, 'rustc', [
      ...args,
      '--error-format=json',
      '--json=diagnostic-rendered-ansi',
      '-o',
      module,
      source,
    ]);
  },
  '.c': async (source, module, profile) =>
    build(source, module, 'clang', [
      '--target=wasm32-wasi',
      ...(profile === 'debug' ? ['-g', '-O0'] : ['-O2']),
      ...['-fcolor-diagnostics', '-o', module, source],
    ]),
  '.ts': async (source, module, profile) => compileAssemblyScript(source, module, profile),
};

/** What a source has only if it is for WebAssembly. */
const SIGNS: Readonly<Record<string, RegExp>> = {
  '.rs': /\blunatic(::|_)|\bwasm_import_module\b|\btarget_(arch|family) *= *"wasm/,
  '.c': /\blunatic(\.h|_)|\b(import_module|export_name)\(|\b__(wasm|wasm32|wasm64|wasi|EMSCRIPTEN)__\b/,
  '.ts': /: *(i8|i16|i32|i64|isize|u8|u16|u32|u64|usize|f32|f64|bool|v128)\b/,
};
/** Bytes of the largest source in which these are looked for. */
const MAX_SIZE = 2 ** 20;

/** Whether a source can be a program by itself. One of TypeScript is one of AssemblyScript where its compiler is installed. */
export function isSingleSource(source: string): boolean {
  const extension = extname(source);
  if (!Object.hasOwn(COMPILERS, extension) || source.endsWith('.d.ts')) return false;
  return extension !== '.ts' || findCompiler(dirname(source)) !== undefined;
}

/**
 * A source that is a program by itself. Most can also be compiled for the machine, so what is in it tells whether it is for WebAssembly.
 * @param builds the folder for its module: nothing is added to the folder of the source
 */
export async function singleSource(source: string, builds: string): Promise<Project> {
  const name = basename(source);
  const folder = dirname(source);
  const place = createHash('sha256').update(source).digest('hex').slice(0, 16);
  const module = `${basename(name, extname(name))}.wasm`;
  const compile = COMPILERS[extname(source)];
  const sign = SIGNS[extname(source)];
  const bytes = await readWorkspaceFile(source, MAX_SIZE).catch(() => undefined);
  return {
    name,
    file: source,
    folder,
    isForWasm: sign?.test(new TextDecoder().decode(bytes)) ?? false,
    targets: async () =>
      compile === undefined
        ? []
        : [
            {
              name,
              source,
              launch: { cwd: folder },
              build: (profile) => compile(source, join(builds, place, profile, module), profile),
            },
          ],
  };
}

/** A module that nothing builds, as a program that can be given arguments. */
export function moduleProgram(module: string): Program {
  const name = basename(module);
  const folder = dirname(module);
  const target: Target = {
    name,
    source: module,
    isBuilt: false,
    launch: { cwd: folder },
    build: async () => ({ steps: [], cwd: folder, output: 'text', module: { kind: 'file', path: module } }),
  };
  return { project: { name, file: module, folder, isForWasm: true, targets: async () => [target] }, target };
}

function build(source: string, module: string, command: 'rustc' | 'clang', args: readonly string[]): Build {
  return {
    steps: [{ command, args }],
    cwd: dirname(source),
    output: command === 'rustc' ? 'rustc' : 'text',
    module: { kind: 'file', path: module },
  };
}
