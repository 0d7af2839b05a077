import { createHash } from 'node:crypto';
import { basename, dirname, extname, join } from 'node:path';
import { compileAssemblyScript, findCompiler } from './assemblyscript-project.ts';
import type { Build, Profile, Project } from './project.ts';
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

/** Whether a source can be a program by itself. One of TypeScript is one of AssemblyScript where its compiler is installed. */
export function isSingleSource(source: string): boolean {
  const extension = extname(source);
  if (!Object.hasOwn(COMPILERS, extension) || source.endsWith('.d.ts')) return false;
  return extension !== '.ts' || findCompiler(dirname(source)) !== undefined;
}

/**
 * A source that is a program by itself.
 * @param builds the folder for its module: nothing is added to the folder of the source
 */
export function singleSource(source: string, builds: string): Project {
  const name = basename(source);
  const folder = dirname(source);
  const place = createHash('sha256').update(source).digest('hex').slice(0, 16);
  const module = `${basename(name, extname(name))}.wasm`;
  const compile = COMPILERS[extname(source)];
  return {
    name,
    file: source,
    folder,
    isForWasm: true,
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

function build(source: string, module: string, command: 'rustc' | 'clang', args: readonly string[]): Build {
  return {
    steps: [{ command, args }],
    cwd: dirname(source),
    output: command === 'rustc' ? 'rustc' : 'text',
    module: { kind: 'file', path: module },
  };
}
