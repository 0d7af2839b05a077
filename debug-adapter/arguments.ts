import * as v from 'valibot';
import { AdapterError, ErrorId } from './errors.ts';

/** Items that a list may have, and characters of a text: no client needs more. */
const MAX_ITEMS = 100_000;
const MAX_TEXT = 2 ** 24;

/** Each message says what a value must be; `take` says which. */
const Text = v.pipe(v.string('a text'), v.maxLength(MAX_TEXT, 'a shorter text'));
const Flag = v.boolean('true or false');
const Integer = v.pipe(v.number('an integer'), v.safeInteger('an integer'));
const Environment = v.pipe(
  v.custom<Record<string, unknown>>(isRecord, 'an object of texts, or null for variables to take away'),
  v.record(v.string(), v.nullable(v.string('an object of texts, or null for variables to take away'))),
);

const Paths = v.pipe(
  v.custom<Record<string, unknown>>(isRecord, 'an object of paths'),
  v.record(v.string(), v.pipe(v.string('an object of paths'), v.maxLength(MAX_TEXT, 'shorter paths'))),
);

/** A list of at most `MAX_ITEMS`, which is refused as a whole. */
function list<Item>(item: (message: string) => v.GenericSchema<unknown, Item>, what: string) {
  return v.pipe(v.array(item(what), what), v.maxLength(MAX_ITEMS, `${what}, and a shorter one`));
}

const Texts = list((message) => v.string(message), 'an array of texts');
const Integers = list((message) => v.pipe(v.number(message), v.safeInteger(message)), 'an array of integers');
const Something = v.custom<Record<string, unknown>>(isRecord, 'an object');
const Objects = list(
  (message) => v.custom<Record<string, unknown>>(isRecord, message),
  'an array of objects',
);

/** The arguments of one request, which come from outside: each is checked when it is taken. Null is as good as missing. */
export class Arguments {
  readonly #command: string;
  readonly #values: Readonly<Record<string, unknown>>;

  /** @throws AdapterError if they are no object */
  constructor(command: string, values: unknown) {
    this.#command = command;
    this.#values = isRecord(values ?? {}) ? { ...(values ?? {}) } : this.#fail('the arguments', 'an object');
  }

  /** A text that must not be empty. */
  text(name: string): string {
    return this.optionalText(name) ?? this.#fail(`'${name}'`, 'a text');
  }

  /**
   * A text that a person has typed.
   * @param ifEmpty what the person is told who has typed nothing
   */
  typed(name: string, ifEmpty: string): string {
    const text = this.#take(name, v.nullish(Text)) ?? this.#fail(`'${name}'`, 'a text');
    if (text.trim() === '') throw new AdapterError(ErrorId.BadArguments, ifEmpty);
    return text;
  }

  /** An empty text is as good as none. */
  optionalText(name: string): string | undefined {
    return this.#take(name, v.nullish(Text)) || undefined;
  }

  texts(name: string): readonly string[] {
    return this.#take(name, v.nullish(Texts)) ?? [];
  }

  integer(name: string): number {
    return this.#take(name, Integer);
  }

  optionalInteger(name: string): number | undefined {
    return this.#take(name, v.nullish(Integer)) ?? undefined;
  }

  integers(name: string): readonly number[] {
    return this.#take(name, v.nullish(Integers)) ?? [];
  }

  optionalBoolean(name: string): boolean | undefined {
    return this.#take(name, v.nullish(Flag)) ?? undefined;
  }

  /** True, or a text; undefined for false and for an empty text too. */
  switchOrText(name: string): true | string | undefined {
    return this.#take(name, v.nullish(v.union([Flag, Text], 'true, false or a text'))) || undefined;
  }

  /** Names with a text, or with null for a variable that is taken away. */
  environment(name: string): Readonly<Record<string, string | null>> {
    return this.#take(name, v.nullish(Environment)) ?? {};
  }

  /** Paths, and the paths that replace them. */
  paths(name: string): Readonly<Record<string, string>> {
    return this.#take(name, v.nullish(Paths)) ?? {};
  }

  /** An object, of which the members are checked as they are taken. */
  object(name: string): Arguments {
    return new Arguments(this.#command, this.#take(name, v.nullish(Something)) ?? {});
  }

  /** The members of an array of objects. */
  objects(name: string): readonly Arguments[] {
    return (this.#take(name, v.nullish(Objects)) ?? []).map((item) => new Arguments(this.#command, item));
  }

  /** All of them as they are, for somebody else to check. */
  get all(): Readonly<Record<string, unknown>> {
    return this.#values;
  }

  #take<Value>(name: string, schema: v.GenericSchema<unknown, Value>): Value {
    const result = v.safeParse(schema, this.#values[name], { abortEarly: true });
    return result.success ? result.output : this.#fail(`'${name}'`, result.issues[0].message);
  }

  #fail(what: string, expected: string): never {
    throw new AdapterError(ErrorId.BadArguments, `${this.#command}: ${what} must be ${expected}`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
