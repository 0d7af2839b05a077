import * as v from 'valibot';
import { parseSignature, SignatureError } from '../hostcall/signature.ts';
import { displayName } from '../text/display-name.ts';
import type { AnyPlugin } from './plugin.ts';

/** A plugin cannot be used as it is. The message is for its author. */
export class PluginError extends Error {
  override readonly name = 'PluginError';
  readonly code = 'LUNATIC_PLUGIN';
}

/** Characters of the longest name. */
const MAX_NAME = 100;
const NAME = /^[A-Za-z_][\w.:-]*$/;

/** Namespaces that the runtime has, or may have one day. */
const RESERVED = /^(lunatic(-host)?($|[:.])|wasi($|[_:.-]))/;

type Issue = Pick<v.BaseIssue<unknown>, 'input'>;

/** Makes a message that follows the name of the part that it is about. */
const mustBe =
  (what: string) =>
  ({ input }: Issue): string =>
    `must be ${what}, and not ${nameOf(input)}`;
const mustBeName = ({ input }: Issue): string =>
  `must be a name of letters, digits, "_", "-", "." and ":", and not ${quoted(input)}`;

/** Any object except an array, which valibot takes for an object too. */
function record(what: string) {
  return v.custom<Record<string, unknown>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    mustBe(what),
  );
}

/** An object with these fields and no others. */
function fields<const Entries extends v.ObjectEntries>(what: string, entries: Entries) {
  const known = Object.keys(entries).join(', ');
  const message = ({ expected }: v.StrictObjectIssue) =>
    expected === 'never' ? `is not a field; the fields are ${known}` : 'is missing';
  return v.pipe(record(what), v.strictObject(entries, message));
}

let schema: ReturnType<typeof makeSchema> | undefined;

/** Called for the first plugin: most programs have none, and start faster without the schema. */
function makeSchema() {
  const name = v.pipe(v.string(mustBeName), v.regex(NAME, mustBeName), v.maxLength(MAX_NAME, mustBeName));
  const callback = v.function(mustBe('a function'));
  const text = v.string(mustBe('a text'));
  return fields('an object as definePlugin takes it', {
    namespace: v.pipe(
      name,
      v.check(
        (namespace) => !RESERVED.test(namespace),
        ({ input }: Issue) => `must not be ${quoted(input)}, which belongs to the runtime`,
      ),
    ),
    state: v.optional(callback),
    functions: v.optional(
      v.pipe(
        record('an object'),
        v.record(
          name,
          fields('an object with a signature and a call', {
            signature: v.pipe(text, v.rawCheck(checkSignature)),
            call: callback,
            doc: v.optional(text),
          }),
        ),
      ),
    ),
    release: v.optional(callback),
    onSpawn: v.optional(callback),
    onExit: v.optional(callback),
  });
}

function checkSignature({ dataset, addIssue }: v.RawCheckContext<string>): void {
  if (!dataset.typed) return;
  try {
    parseSignature(dataset.value);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    addIssue({ message: `is ${quoted(dataset.value)}: ${error.message}` });
  }
}

/**
 * Checks that something is a plugin.
 * @throws PluginError
 */
export function checkPlugin(value: unknown): asserts value is AnyPlugin {
  schema ??= makeSchema();
  const { issues } = v.safeParse(schema, value, { abortEarly: true });
  if (issues === undefined) return;
  const [{ path = [], message }] = issues;
  throw new PluginError(`${partOf(value, path)} ${message}`);
}

/** Names a part of a plugin: `call of counter::add`. */
function partOf(value: unknown, path: readonly v.IssuePathItem[]): string {
  if (path.length === 0) return 'a plugin';
  const [field, name, part] = path.map(({ key }) => displayName(String(key)));
  if (field === 'namespace') return 'the namespace of a plugin';
  const plugin = namespaceOf(value);
  if (name === undefined) return `${field} of the plugin ${plugin}`;
  if (path.at(-1)?.origin === 'key' && part === undefined) return `a function of the plugin ${plugin}`;
  return part === undefined ? `${plugin}::${name}` : `${part} of ${plugin}::${name}`;
}

function namespaceOf(value: unknown): string {
  return typeof value === 'object' && value !== null && 'namespace' in value
    ? displayName(String(value.namespace))
    : '';
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, MAX_NAME + 1)) : nameOf(value);
}

/** Names the kind of a value for people: "a string", "nothing", "null". */
export function nameOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  const type = typeof value;
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
}
