import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse } from 'smol-toml';
import * as v from 'valibot';
import { type Project, ProjectError, type Target } from './project.ts';
import { ask, rustTarget } from './tools.ts';

const Crate = v.object({
  name: v.string(),
  manifest_path: v.string(),
  dependencies: v.array(v.object({ name: v.string() })),
  targets: v.array(v.object({ name: v.string(), kind: v.array(v.string()), src_path: v.string() })),
});

/** The part of `cargo metadata` that matters here. */
const Metadata = v.object({ workspace_root: v.string(), packages: v.array(Crate) });

/** The part of cargo's config that matters here. */
const Config = v.object({ build: v.object({ target: v.string() }) });

/** The files in which cargo looks for its config, the first one first. */
const CONFIGS = [join('.cargo', 'config'), join('.cargo', 'config.toml')];

/** The kinds of cargo's targets that are programs. */
const PROGRAMS = ['bin', 'example'] as const;

/**
 * Reads a crate, or a workspace with all of its crates, as cargo sees it.
 * @param manifest path of a `Cargo.toml`
 * @throws ProjectError if cargo is missing or cannot read it
 */
export async function readCargoProject(manifest: string): Promise<Project> {
  const options = ['--no-deps', '--offline', '--format-version', '1', '--manifest-path', manifest];
  const answer = await ask('cargo', ['metadata', ...options], dirname(manifest));
  const { workspace_root: folder, packages } = v.parse(Metadata, JSON.parse(answer));
  const [first] = packages;
  return {
    name: packages.length === 1 && first !== undefined ? first.name : basename(folder),
    file: join(folder, 'Cargo.toml'),
    folder,
    isMeant: packages.some(
      ({ manifest_path, dependencies }) =>
        dependencies.some(({ name }) => name === 'lunatic') ||
        configuredTarget(dirname(manifest_path))?.startsWith('wasm32'),
    ),
    targets: packages.flatMap(programsOf),
  };
}

function programsOf(crate: v.InferOutput<typeof Crate>): Target[] {
  const folder = dirname(crate.manifest_path);
  return crate.targets.flatMap((program): Target[] => {
    const kind = PROGRAMS.find((one) => program.kind.includes(one));
    if (kind === undefined) return [];
    return [
      {
        name: kind === 'bin' ? program.name : `${kind} ${program.name}`,
        source: program.src_path,
        launch: { cwd: folder },
        build: async (profile) => ({
          steps: [
            {
              command: 'cargo',
              args: [
                'build',
                ...['--target', await rustTarget(folder, configuredTarget(folder))],
                ...[`--${kind}`, program.name],
                ...(profile === 'release' ? ['--release'] : []),
                '--message-format=json-diagnostic-rendered-ansi',
              ],
            },
          ],
          // Cargo takes its config from here, too.
          cwd: folder,
          output: 'cargo',
          module: { kind: 'cargo', name: program.name, of: kind },
        }),
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
  let text: string;
  try {
    text = readFileSync(config, 'utf8');
  } catch {
    return undefined;
  }
  try {
    const read = v.safeParse(Config, parse(text));
    return read.success ? read.output.build.target : undefined;
  } catch (error) {
    const [what] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new ProjectError(`${config}: ${what}`, undefined, { cause: error });
  }
}
