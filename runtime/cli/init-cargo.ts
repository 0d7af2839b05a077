import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TomlValue } from 'smol-toml';
import { parseToml } from '../projects/parse-toml.ts';
import { RUST_TARGETS, type RustTarget } from '../projects/rust-target.ts';
import { displayName } from '../text/display-name.ts';
import { CommandError } from './load.ts';
import type { NewContent } from './replace-files.ts';
import { setInToml, type TomlSetting } from './toml-edit.ts';

/** Upstream's, unless the project or the user names another one. */
const DEFAULT_TARGET: RustTarget = 'wasm32-wasi';

const RUNNER = 'lunatic run';
/** The runner before upstream's 0.13. */
const OLDER_RUNNER = 'lunatic';

/** The settings that have to be written, and the target. */
export interface CargoSetup {
  readonly changes: readonly NewContent[];
  readonly target: RustTarget;
  /** Whether the target is the default, and not one that the project chose. */
  readonly chosen: boolean;
}

/**
 * Finds the settings with which cargo builds for WebAssembly and runs programs with this runtime (abi 21.2.4).
 * @param wanted the target that the user asks for
 * @throws CommandError if the project's config contradicts them, or ProjectFileError if it cannot be read
 */
export function setUpCargo(folder: string, wanted?: RustTarget): CargoSetup {
  const path = join(folder, '.cargo', 'config.toml');
  const older = join(folder, '.cargo', 'config');
  if (existsSync(older)) {
    throw new CommandError(
      `${older} is there, which cargo reads instead of config.toml: rename it to config.toml first`,
    );
  }
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const config = parseToml(path, text);
  const present = stringAt(path, config, ['build', 'target']);
  const target = present ?? wanted ?? DEFAULT_TARGET;
  if (!isTarget(target) || (wanted !== undefined && target !== wanted)) {
    const allowed = wanted === undefined ? [...RUST_TARGETS].reverse().join(' or ') : wanted;
    throw new CommandError(
      `${path}: build.target is "${displayName(target)}", it would have to be ${allowed}`,
    );
  }
  const settings: TomlSetting[] = [];
  if (present === undefined) settings.push({ table: ['build'], key: 'target', value: target });
  const runner = stringAt(path, config, ['target', target, 'runner']);
  if (runner !== RUNNER) {
    if (runner !== undefined && runner !== OLDER_RUNNER) {
      throw new CommandError(
        `${path}: target.${target}.runner is "${runner}", it would have to be "${RUNNER}"`,
      );
    }
    settings.push({ table: ['target', target], key: 'runner', value: RUNNER });
  }
  const changes = settings.length === 0 ? [] : [{ path, text: setInToml(text, settings) }];
  return { changes, target, chosen: present === undefined && wanted === undefined };
}

function isTarget(text: string): text is RustTarget {
  return RUST_TARGETS.some((target) => target === text);
}

/** @throws CommandError if the setting has another value */
function stringAt(path: string, config: TomlValue, keys: readonly string[]): string | undefined {
  let value: TomlValue | undefined = config;
  for (const [depth, key] of keys.entries()) {
    if (!isTable(value)) throw unexpected(path, keys.slice(0, depth), 'a table');
    value = Object.hasOwn(value, key) ? value[key] : undefined;
    if (value === undefined) return undefined;
  }
  if (typeof value !== 'string') throw unexpected(path, keys, 'a string');
  return value;
}

function isTable(value: TomlValue | undefined): value is { [key: string]: TomlValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function unexpected(path: string, keys: readonly string[], wanted: string): CommandError {
  return new CommandError(`${path}: ${keys.join('.')} is not ${wanted}, which it would have to be`);
}
