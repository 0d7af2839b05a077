import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, TomlError, type TomlValue } from 'smol-toml';
import { CommandError } from './load.ts';
import type { NewContent } from './replace-files.ts';
import { setInToml, type TomlSetting } from './toml-edit.ts';

/** Targets that programs for this runtime can be built for; Rust 1.84 and newer know the second one only. */
const TARGETS = ['wasm32-wasi', 'wasm32-wasip1'] as const;
export type CargoTarget = (typeof TARGETS)[number];
export const CARGO_TARGETS: readonly string[] = TARGETS;

const RUNNER = 'lunatic run';
/** What the runner was before upstream's 0.13. */
const OLDER_RUNNER = 'lunatic';

/** What has to be written, and for which target. */
export interface CargoSetup {
  readonly changes: readonly NewContent[];
  readonly target: CargoTarget;
  /** Whether the target was chosen here, not by the project. */
  readonly chosen: boolean;
}

/**
 * What makes cargo build for WebAssembly and hand programs to this runtime (abi 21.2.4).
 * @param wanted the target that the user asks for
 * @throws CommandError where the project's config says otherwise
 */
export function setUpCargo(folder: string, wanted?: CargoTarget): CargoSetup {
  const path = join(folder, '.cargo', 'config.toml');
  const older = join(folder, '.cargo', 'config');
  if (existsSync(older)) {
    throw new CommandError(
      `${older} is there, which cargo reads instead of config.toml: rename it to config.toml first`,
    );
  }
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const config = parseConfig(path, text);
  const present = stringAt(path, config, ['build', 'target']);
  const target = present ?? wanted ?? TARGETS[0];
  if (!isTarget(target) || (wanted !== undefined && target !== wanted)) {
    const allowed = wanted === undefined ? TARGETS.join(' or ') : wanted;
    throw new CommandError(`${path}: build.target is "${target}", it would have to be ${allowed}`);
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

function isTarget(text: string): text is CargoTarget {
  return CARGO_TARGETS.includes(text);
}

function parseConfig(path: string, text: string): TomlValue {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what] = error.message.split('\n');
    throw new CommandError(`${path}:${error.line}:${error.column}: ${what}`, { cause: error });
  }
}

/** @throws CommandError where there is something else */
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
