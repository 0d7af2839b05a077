import type { AnyPlugin } from './plugin.ts';
import { parsePluginSignature } from './signature.ts';

/** A plugin cannot be used as it is. The message is for its author. */
export class PluginError extends Error {
  override readonly name = 'PluginError';
  readonly code = 'LUNATIC_PLUGIN';
}

const MAX_NAME = 100;
const FIELDS = ['namespace', 'state', 'functions', 'release', 'onSpawn', 'onExit'];
const HOOKS = ['state', 'release', 'onSpawn', 'onExit'] as const;
const FUNCTION_FIELDS = ['signature', 'doc', 'call'];

/** Namespaces that are the runtime's, now or one day. */
const RESERVED = /^(lunatic(-host)?($|[:.])|wasi($|[_:.-]))/;

/**
 * Looks whether something is a plugin.
 * @throws PluginError
 */
export function checkPlugin(value: unknown): asserts value is AnyPlugin {
  if (!isRecord(value)) {
    throw new PluginError(`a plugin is an object, as definePlugin takes it, and not ${nameOf(value)}`);
  }
  checkFields('a plugin', value, FIELDS);
  const { namespace, functions } = value;
  if (typeof namespace !== 'string' || !isName(namespace)) {
    throw new PluginError(
      `the namespace of a plugin must be a name of letters, digits, "_", "-", "." and ":", and not ${quoted(namespace)}`,
    );
  }
  if (RESERVED.test(namespace)) {
    throw new PluginError(`the namespace ${quoted(namespace)} belongs to the runtime; choose another one`);
  }
  for (const hook of HOOKS) {
    if (value[hook] !== undefined && typeof value[hook] !== 'function') {
      throw new PluginError(
        `${hook} of the plugin ${namespace} must be a function, and not ${nameOf(value[hook])}`,
      );
    }
  }
  if (functions === undefined) return;
  if (!isRecord(functions)) {
    throw new PluginError(
      `functions of the plugin ${namespace} must be an object, and not ${nameOf(functions)}`,
    );
  }
  for (const [name, fn] of Object.entries(functions)) checkFunction(`${namespace}::${name}`, name, fn);
}

function checkFunction(id: string, name: string, fn: unknown): void {
  if (!isName(name)) throw new PluginError(`${quoted(name)} is no name for a function (${id})`);
  if (!isRecord(fn)) {
    throw new PluginError(`${id} must be an object with a signature and a call, and not ${nameOf(fn)}`);
  }
  checkFields(id, fn, FUNCTION_FIELDS);
  const { signature, call, doc } = fn;
  if (typeof signature !== 'string' || parsePluginSignature(signature) === undefined) {
    throw new PluginError(
      `the signature of ${id} is ${quoted(signature)}; it must be as "(pointer: i32, amount: i64) -> f64"`,
    );
  }
  if (typeof call !== 'function') {
    throw new PluginError(`call of ${id} must be a function, and not ${nameOf(call)}`);
  }
  if (doc !== undefined && typeof doc !== 'string') {
    throw new PluginError(`doc of ${id} must be a text, and not ${nameOf(doc)}`);
  }
}

function checkFields(what: string, value: Record<string, unknown>, known: readonly string[]): void {
  const other = Object.keys(value).find((key) => !known.includes(key));
  if (other !== undefined) {
    throw new PluginError(`${what} has no field ${quoted(other)}; there are ${known.join(', ')}`);
  }
}

function isName(text: string): boolean {
  return text.length <= MAX_NAME && /^[A-Za-z_][\w.:-]*$/.test(text);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, MAX_NAME + 1)) : nameOf(value);
}

/** "a string", "nothing", "null": what a value is, for people. */
export function nameOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  const type = typeof value;
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
}
