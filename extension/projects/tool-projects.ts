import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { readJson } from './json-file.ts';
import type { Profile, Project, Step } from './project.ts';

/** The part of `package.json` that matters here. */
const Manifest = v.object({
  name: v.optional(v.string()),
  scripts: v.optional(v.record(v.string(), v.string()), {}),
});

/** Otherwise CMake gives programs for WASI no suffix. A project of C alone does not use that of C++, of which CMake need not warn. */
const SUFFIXES = ['C', 'CXX']
  .map((language) => `-DCMAKE_EXECUTABLE_SUFFIX_${language}=.wasm`)
  .concat('--no-warn-unused-cli');

/** Its programs are scripts beside their modules. */
const EMSCRIPTEN = /emscripten/i;

/** The files with presets of CMake, those of the user first. */
export const PRESET_FILES = ['CMakeUserPresets.json', 'CMakePresets.json'];
/** The part of them that matters here. */
const Presets = v.object({
  configurePresets: v.optional(
    v.array(v.looseObject({ name: v.string(), hidden: v.optional(v.boolean(), false) })),
    [],
  ),
});

/** What a file for `make` or CMake contains if it makes a module. */
const MAKES_MODULE = /wasm/i;
/** What one of CMake's presets contains if it makes one: a target, a toolchain, or another preset by its name. */
const PRESET_MAKES_MODULE = /wasm|wasi|emscripten/i;
/** What a script for npm contains if it makes one. */
const COMPILES = /\.wasm\b|\basc\b|wasm32|\bemcc\b/;

/** The folder in which CMake works. */
const BUILD_FOLDER = 'build';

/** A project that `make` builds, if it makes a module. */
export async function readMakefile(path: string): Promise<Project | undefined> {
  if (!MAKES_MODULE.test(await readFile(path, 'utf8'))) return undefined;
  return toolProject(path, basename(dirname(path)), () => [{ command: 'make', args: [] }]);
}

/**
 * A project that CMake builds, if it or one of its presets makes a module.
 * @throws ProjectError
 */
export async function readCMakeLists(path: string): Promise<Project | undefined> {
  const text = await readFile(path, 'utf8');
  const presets = await presetsIn(dirname(path));
  if (presets.length === 0 && !MAKES_MODULE.test(text)) return undefined;
  const name = /\bproject\s*\(\s*([\w.-]+)/i.exec(text)?.[1] ?? basename(dirname(path));
  const names = presets.map((preset) => preset.name);
  const said = [text, JSON.stringify(presets)].join();
  const suffixes = EMSCRIPTEN.test(said) ? [] : SUFFIXES;
  return toolProject(path, name, (profile) => {
    const preset = names.find((one) => one.toLowerCase().includes(profile)) ?? names[0];
    const options = [
      ...(preset === undefined ? [] : ['--preset', preset]),
      ...['-B', BUILD_FOLDER, `-DCMAKE_BUILD_TYPE=${profile === 'debug' ? 'Debug' : 'Release'}`],
      ...suffixes,
    ];
    return [
      { command: 'cmake', args: options },
      { command: 'cmake', args: ['--build', BUILD_FOLDER] },
    ];
  });
}

/** The presets that make modules. */
async function presetsIn(folder: string): Promise<{ readonly name: string }[]> {
  const found: { readonly name: string }[] = [];
  for (const file of PRESET_FILES.map((one) => join(folder, one))) {
    if (!existsSync(file)) continue;
    const { configurePresets } = await readJson(file, Presets);
    const made = configurePresets.filter((one) => PRESET_MAKES_MODULE.test(JSON.stringify(one)));
    found.push(...made.filter(({ hidden }) => !hidden));
  }
  return found;
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
  return toolProject(path, name, () => [{ command: 'npm', args: ['run', maker] }]);
}

/** A project whose tool does not say where the module is. */
function toolProject(file: string, name: string, steps: (profile: Profile) => readonly Step[]): Project {
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
        build: async (profile) => ({
          steps: steps(profile),
          cwd: folder,
          output: 'text',
          module: { kind: 'newest', folder },
        }),
      },
    ],
  };
}
