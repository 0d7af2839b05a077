import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import * as v from 'valibot';
import { displayName } from '../../runtime/internal.ts';
import { isInside } from './files.ts';
import { readJson } from './json-file.ts';
import type { Profile, Project, Step } from './project.ts';

/** The part of `package.json` that matters here. */
const Manifest = v.object({
  name: v.optional(v.string()),
  scripts: v.optional(v.record(v.string(), v.string()), {}),
});

/** Gives programs for WASI the suffix that CMake itself does not. In a project of C alone it would warn of that for C++. */
const SUFFIXES = ['C', 'CXX']
  .map((language) => `-DCMAKE_EXECUTABLE_SUFFIX_${language}=.wasm`)
  .concat('--no-warn-unused-cli');

/** What a preset contains if its programs are modules. Those of Emscripten are scripts beside their modules. */
const FOR_WASI = /^(?!.*emscripten).*(wasi|wasm32)/is;
/** What a project contains that names its modules itself. */
const NAMES_MODULES = /\.wasm\b|EXECUTABLE_SUFFIX/i;

/** The files with presets of CMake, those of the user first. */
export const PRESET_FILES = ['CMakeUserPresets.json', 'CMakePresets.json'];
/** The part of them that matters here. */
const Presets = v.object({
  configurePresets: v.optional(
    v.array(
      v.looseObject({
        name: v.string(),
        hidden: v.optional(v.boolean(), false),
        inherits: v.optional(v.union([v.string(), v.array(v.string())]), []),
        binaryDir: v.optional(v.string()),
      }),
    ),
    [],
  ),
});

/** One of CMake's presets that a user may choose. */
interface Preset {
  readonly name: string;
  /** What it says, and those that it inherits from. */
  readonly text: string;
  /** The folder in which it makes CMake work, as it says it; undefined if that is left to the command. */
  readonly binaryDir: string | undefined;
}

/** What a file for `make` or CMake contains if it makes a module. */
const MAKES_MODULE = /wasm/i;
/** What one of CMake's presets contains if it makes one: a target, a toolchain, or another preset by its name. */
const PRESET_MAKES_MODULE = /wasm|wasi|emscripten/i;
/** What a script for npm contains if it makes one. */
const COMPILES = /\.wasm\b|\basc\b|wasm32|\bemcc\b/;

/** The folder in which CMake works unless a preset says it. */
const BUILD_FOLDER = 'build';

/** A project that `make` builds, if it makes a module. */
export async function readMakefile(path: string): Promise<Project | undefined> {
  if (!MAKES_MODULE.test(await readFile(path, 'utf8'))) return undefined;
  const hint = 'Compilers make one for the target wasm32-wasi';
  return toolProject(path, basename(dirname(path)), () => ({ steps: [{ command: 'make', args: [] }] }), hint);
}

/**
 * A project that CMake builds, if it or one of its presets makes a module.
 * @throws ProjectError
 */
export async function readCMakeLists(path: string): Promise<Project | undefined> {
  const text = await readFile(path, 'utf8');
  const presets = (await presetsIn(dirname(path))).filter((preset) => PRESET_MAKES_MODULE.test(preset.text));
  if (presets.length === 0 && !MAKES_MODULE.test(text)) return undefined;
  const name = /\bproject\s*\(\s*([\w.-]+)/i.exec(text)?.[1] ?? basename(dirname(path));
  return toolProject(
    path,
    name,
    (profile) => {
      const preset = presets.find((one) => one.name.toLowerCase().includes(profile)) ?? presets[0];
      const own = preset && binaryFolder(preset, dirname(path));
      const folder = own ?? BUILD_FOLDER;
      const isNamed = NAMES_MODULES.test(text) || NAMES_MODULES.test(preset?.text ?? '');
      const options = [
        ...(preset === undefined ? [] : ['--preset', preset.name]),
        ...(own === undefined ? ['-B', folder] : []),
        ...[`-DCMAKE_BUILD_TYPE=${profile === 'debug' ? 'Debug' : 'Release'}`],
        ...(preset !== undefined && FOR_WASI.test(preset.text) && !isNamed ? SUFFIXES : []),
      ];
      return {
        steps: [
          { command: 'cmake', args: options },
          { command: 'cmake', args: ['--build', folder] },
        ],
        output: own,
      };
    },
    'Compilers make one for the target wasm32-wasi, if CMAKE_EXECUTABLE_SUFFIX is ".wasm"',
  );
}

/** The presets that are not hidden. A file that cannot be read has none: the project may be one that does not need them. */
async function presetsIn(folder: string): Promise<Preset[]> {
  const files = PRESET_FILES.map((name) => join(folder, name)).filter((path) => existsSync(path));
  const read = await Promise.all(
    files.map((path) => readJson(path, Presets).catch(() => ({ configurePresets: [] }))),
  );
  const byName = new Map(
    read.flatMap(({ configurePresets }) => configurePresets).map((preset) => [preset.name, preset]),
  );
  return [...byName.values()]
    .filter(({ hidden }) => !hidden)
    .map(({ name }) => {
      // More names come while it is read; each is read once.
      const names = new Set([name]);
      for (const one of names) for (const base of [byName.get(one)?.inherits ?? []].flat()) names.add(base);
      const all = [...names].flatMap((one) => byName.get(one) ?? []);
      return { name, text: JSON.stringify(all), binaryDir: all.find((one) => one.binaryDir)?.binaryDir };
    });
}

/** Macros of presets whose values are known without CMake. */
const MACRO = /\$\{(\w+)\}/g;

/**
 * The folder in which CMake works with a preset.
 * @param source the folder of the project
 * @returns an absolute path. Undefined if the preset does not say it, or says it with what only CMake knows
 */
function binaryFolder({ name, binaryDir }: Preset, source: string): string | undefined {
  const values: Readonly<Record<string, string>> = {
    sourceDir: source,
    sourceParentDir: dirname(source),
    sourceDirName: basename(source),
    presetName: name,
    fileDir: source,
    pathListSep: delimiter,
  };
  const folder = binaryDir?.replace(MACRO, (macro, word: string) => values[word] ?? macro);
  return folder === undefined || folder.includes('$') ? undefined : resolve(source, folder);
}

/**
 * A project that a script of its `package.json` builds, if one makes a module.
 * @throws ProjectError
 */
export async function readPackage(path: string): Promise<Project | undefined> {
  const { name = basename(dirname(path)), scripts } = await readJson(path, Manifest);
  const makers = Object.keys(scripts).filter((script) => COMPILES.test(scripts[script] ?? ''));
  const maker = makers.find((script) => /build/.test(script)) ?? makers[0];
  if (maker === undefined) return undefined;
  return toolProject(path, displayName(name), () => ({ steps: [{ command: 'npm', args: ['run', maker] }] }));
}

/** How a tool builds a project. */
interface ToolWork {
  readonly steps: readonly Step[];
  /** The folder in which it works, unless it is in that of the project. */
  readonly output?: string | undefined;
}

/**
 * A project whose tool does not say where the module is.
 * @param hint what makes the tool make one, for messages
 */
function toolProject(
  file: string,
  name: string,
  work: (profile: Profile) => ToolWork,
  hint?: string,
): Project {
  const folder = dirname(file);
  return {
    name,
    file,
    folder,
    isForWasm: true,
    targets: async () => [
      {
        name,
        source: undefined,
        launch: { cwd: folder },
        build: async (profile) => {
          const { steps, output = folder } = work(profile);
          // A tool may have been told to put what it makes beside its sources.
          const searched = isInside(output, folder) ? folder : output;
          return {
            steps,
            cwd: folder,
            output: 'text',
            module: { kind: 'folder', folder: searched, ...(hint === undefined ? {} : { hint }) },
          };
        },
      },
    ],
  };
}
