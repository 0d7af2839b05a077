import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CommandError } from './load.ts';
import type { NewContent } from './replace-files.ts';

type Json = null | boolean | number | string | Json[] | JsonObject;
interface JsonObject {
  [key: string]: Json;
}

const COMPILER = ['assemblyscript', '^0.28.20'] as const;
/** The package that gives programs `abort`, `console` and the like on top of WASI. */
const SHIM = ['@assemblyscript/wasi-shim', '^0.1.0'] as const;
/** Upstream's SDK, which brings all that and requires a compiler itself. It is not on npm. */
const SDK = 'as-lunatic';

/** Tells editors the types of AssemblyScript. Without it they take its sources for TypeScript and mark every line. */
const EDITOR_CONFIG = `${JSON.stringify(
  {
    extends: 'assemblyscript/std/assembly.json',
    compilerOptions: { skipLibCheck: true },
    include: ['./**/*.ts'],
  },
  null,
  2,
)}\n`;

const SHIM_FOLDER = `node_modules/${SHIM[0]}/assembly`;
const SHIM_USES = ['abort', 'trace', 'seed', 'console', 'crypto', 'performance', 'process', 'Date'];

/** Compiler options that make a module impossible to run, and why. */
const WRONG_OPTIONS: readonly [option: string, why: string][] = [
  ['importMemory', 'a process gets its own memory'],
  ['sharedMemory', 'processes share no memory'],
  ['importTable', 'there is no table to import'],
  ['noExportMemory', 'host functions read and write the memory'],
];

/** A JSON file of the project while it is changed. */
class JsonFile {
  readonly path: string;
  readonly #text: string;
  readonly content: JsonObject;

  constructor(path: string) {
    this.path = path;
    this.#text = existsSync(path) ? readFileSync(path, 'utf8') : '{}\n';
    let content: Json;
    try {
      content = JSON.parse(this.#text);
    } catch (error) {
      throw new CommandError(`${path}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
    if (!isObject(content)) throw this.unexpected('it', 'an object');
    this.content = content;
  }

  /** The object under a key. With `make`, a missing one is created. */
  object(parent: JsonObject, key: string, name = key): JsonObject {
    parent[key] ??= {};
    const value = parent[key];
    if (!isObject(value)) throw this.unexpected(name, 'an object');
    return value;
  }

  unexpected(name: string, wanted: string): CommandError {
    return new CommandError(`${this.path}: ${name} is not ${wanted}, which it would have to be`);
  }

  /** The new text of the file; null if nothing has changed. */
  get change(): NewContent | null {
    if (this.#text !== '{}\n' && JSON.stringify(JSON.parse(this.#text)) === JSON.stringify(this.content))
      return null;
    const indent = /^[ \t]+(?=")/m.exec(this.#text)?.[0] ?? '  ';
    const end = this.#text.endsWith('\n') ? '\n' : '';
    return { path: this.path, text: `${JSON.stringify(this.content, null, indent)}${end}` };
  }
}

/**
 * Prepares an AssemblyScript project so that it can be built, run and edited: packages and scripts in package.json, compiler
 * options in asconfig.json, a tsconfig.json beside the sources. Existing settings are kept.
 * @throws CommandError if a setting of the project contradicts these
 */
export function setUpAssemblyScript(folder: string): NewContent[] {
  const manifest = new JsonFile(join(folder, 'package.json'));
  const config = new JsonFile(join(folder, 'asconfig.json'));
  const packages = {
    ...optionalObject(manifest, 'dependencies'),
    ...optionalObject(manifest, 'peerDependencies'),
    ...optionalObject(manifest, 'devDependencies'),
  };
  const withSdk = Object.hasOwn(packages, SDK);
  const missing = (withSdk ? [] : [COMPILER, SHIM]).filter(([name]) => !Object.hasOwn(packages, name));
  if (missing.length > 0) {
    const development = manifest.object(manifest.content, 'devDependencies');
    for (const [name, version] of missing) development[name] = version;
  }
  const output = setUpConfig(config, withSdk);
  const scripts = manifest.object(manifest.content, 'scripts');
  scripts['asbuild'] ??= 'asc --target release';
  scripts['lunatic'] ??= `npm run asbuild && lunatic run ${output}`;
  return [manifest.change, config.change, editorConfig(folder, config)].filter((change) => change !== null);
}

function editorConfig(folder: string, config: JsonFile): NewContent | null {
  const [entry] = listOf(config, config.content, 'entries', 'entries');
  const path = join(folder, dirname(entry ?? ''), 'tsconfig.json');
  return existsSync(path) ? null : { path, text: EDITOR_CONFIG };
}

function optionalObject(file: JsonFile, key: string): JsonObject {
  return Object.hasOwn(file.content, key) ? file.object(file.content, key) : {};
}

/** Returns the path of the module that a release build makes. */
function setUpConfig(config: JsonFile, withSdk: boolean): string {
  const { content } = config;
  content['entries'] ??= ['assembly/index.ts'];
  const targets = config.object(content, 'targets');
  const release = config.object(targets, 'release', 'targets.release');
  release['outFile'] ??= 'build/release.wasm';
  if (typeof release['outFile'] !== 'string') throw config.unexpected('targets.release.outFile', 'a string');
  const options = config.object(content, 'options');
  for (const [option, why] of WRONG_OPTIONS) {
    if (options[option] === true)
      throw new CommandError(`${config.path}: options.${option} is set, but ${why}`);
  }
  if (options['exportTable'] === false) {
    throw new CommandError(
      `${config.path}: options.exportTable is false, but processes are spawned by a function's place in the table`,
    );
  }
  options['exportTable'] ??= true;
  if (withSdk) content['extends'] ??= `./node_modules/${SDK}/asconfig.json`;
  else if (content['extends'] === undefined) useShim(config, options);
  return release['outFile'];
}

/** Sets `--use abort`: otherwise the compiler imports `env.abort`, which no runtime has. A setting of the project is kept. */
function useShim(config: JsonFile, options: JsonObject): void {
  const uses = listOf(config, options, 'use');
  const missing = SHIM_USES.filter((name) => !uses.some((use) => use.startsWith(`${name}=`)));
  if (missing.length === 0) return;
  const own = uses.some((use) => use.startsWith('abort='));
  // A project with an `abort` of its own has a library of its own.
  if (own) return;
  options['use'] = [...uses, ...missing.map((name) => `${name}=wasi_${name}`)];
  const libraries = listOf(config, options, 'lib');
  if (!libraries.includes(SHIM_FOLDER)) options['lib'] = [...libraries, SHIM_FOLDER];
}

/** An option that may be a string or a list of them. */
function listOf(config: JsonFile, parent: JsonObject, key: string, name = `options.${key}`): string[] {
  const value = parent[key] ?? [];
  const list = Array.isArray(value) ? value : [value];
  return list.map((item) => {
    if (typeof item !== 'string') throw config.unexpected(name, 'a list of strings');
    return item;
  });
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
