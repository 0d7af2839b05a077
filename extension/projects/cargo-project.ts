import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { ProjectFileError, parseToml } from '../../runtime/internal.ts';
import { type Build, type ModulePlace, type Project, ProjectError, type Target } from './project.ts';
import { ask, rustTarget } from './tools.ts';

const Crate = v.object({
  name: v.string(),
  manifest_path: v.string(),
  dependencies: v.array(v.object({ name: v.string() })),
  targets: v.array(v.object({ name: v.string(), kind: v.array(v.string()), src_path: v.string() })),
});

/** The part of `cargo metadata` that matters here. */
const Metadata = v.object({ packages: v.array(Crate), workspace_root: v.string() });

/** The part of a manifest that matters here. */
const Manifest = v.object({
  package: v.optional(v.object({ name: v.string() })),
  dependencies: v.optional(v.record(v.string(), v.unknown()), {}),
});

/** The part of cargo's config that matters here. */
const Config = v.object({ build: v.object({ target: v.string() }) });

/** The files in which cargo looks for its config, the first one first. */
const CONFIGS = [join('.cargo', 'config'), join('.cargo', 'config.toml')];

/** The crate with which Rust programs call the host. */
const SDK = 'lunatic';

/** The kinds of cargo's targets that are programs. */
const PROGRAMS = ['bin', 'example'] as const;

/**
 * Reads a crate. The manifest of a workspace without a crate of its own is none: its crates are.
 * @param manifest path of a `Cargo.toml`
 * @throws ProjectError
 */
export async function readCrate(manifest: string): Promise<Project | undefined> {
  const { package: crate, dependencies } = v.parse(Manifest, readToml(manifest));
  if (crate === undefined) return undefined;
  const folder = dirname(manifest);
  return {
    name: crate.name,
    file: manifest,
    folder,
    isForWasm: SDK in dependencies || configuredTarget(folder)?.startsWith('wasm32') === true,
    targets: async () => {
      const { packages, workspace_root: root } = await metadataOf(manifest);
      // Cargo lists all crates of a workspace.
      return packages.filter(({ name }) => name === crate.name).flatMap((one) => programsOf(one, root));
    },
    testBuild: async () => {
      const { workspace_root: root } = await metadataOf(manifest);
      return await cargo(folder, root, ['test', '--no-run'], { kind: 'cargo tests' });
    },
  };
}

/** @throws ProjectError */
async function metadataOf(manifest: string): Promise<v.InferOutput<typeof Metadata>> {
  const options = ['--no-deps', '--offline', '--format-version', '1', '--manifest-path', manifest];
  return v.parse(Metadata, JSON.parse(await ask('cargo', ['metadata', ...options], dirname(manifest))));
}

/**
 * A build by cargo for WebAssembly.
 * @param root the folder of the workspace
 * @throws ProjectError if its target is not installed
 */
async function cargo(
  folder: string,
  root: string,
  args: readonly string[],
  module: ModulePlace,
): Promise<Build> {
  const wanted = await rustTarget(folder, configuredTarget(folder));
  const target = ['--target', wanted];
  return {
    steps: [
      { command: 'cargo', args: [...args, ...target, '--message-format=json-diagnostic-rendered-ansi'] },
    ],
    // Cargo takes its config from here, too.
    cwd: folder,
    output: 'cargo',
    // Cargo starts the compiler in this folder, except for crates outside of the workspace, whose paths are absolute.
    base: root,
    module,
  };
}

function programsOf(crate: v.InferOutput<typeof Crate>, root: string): Target[] {
  const folder = dirname(crate.manifest_path);
  return crate.targets.flatMap((program): Target[] => {
    const kind = PROGRAMS.find((one) => program.kind.includes(one));
    if (kind === undefined) return [];
    return [
      {
        name: kind === 'bin' ? program.name : `${kind} ${program.name}`,
        source: program.src_path,
        launch: { cwd: folder },
        build: (profile) =>
          cargo(
            folder,
            root,
            ['build', `--${kind}`, program.name, ...(profile === 'release' ? ['--release'] : [])],
            { kind: 'cargo', name: program.name, of: kind },
          ),
      },
    ];
  });
}

/**
 * The target that the environment or cargo's config names for a crate.
 * @throws ProjectError if the config cannot be read
 */
function configuredTarget(crate: string): string | undefined {
  const given = process.env['CARGO_BUILD_TARGET'];
  if (given !== undefined && given !== '') return given;
  for (let folder = crate; ; folder = dirname(folder)) {
    for (const name of CONFIGS) {
      const target = targetIn(join(folder, name));
      if (target !== undefined) return target;
    }
    if (folder === dirname(folder)) return undefined;
  }
}

function targetIn(config: string): string | undefined {
  if (!existsSync(config)) return undefined;
  const read = v.safeParse(Config, readToml(config));
  return read.success ? read.output.build.target : undefined;
}

/** @throws ProjectError that says in which line the fault is */
function readToml(path: string): unknown {
  try {
    return parseToml(path, readFileSync(path, 'utf8'));
  } catch (error) {
    if (!(error instanceof ProjectFileError)) throw error;
    throw new ProjectError(error.message, undefined, { cause: error });
  }
}
