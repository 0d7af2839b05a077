import { AdapterError, ErrorId } from './errors.ts';

/** The arguments of one request, which come from outside: each is checked when it is taken. */
export class Arguments {
  readonly #command: string;
  readonly #values: Readonly<Record<string, unknown>>;

  /** @throws AdapterError where they are no object */
  constructor(command: string, values: unknown) {
    this.#command = command;
    this.#values = isRecord(values ?? {}) ? { ...(values ?? {}) } : this.#fail('the arguments', 'an object');
  }

  /** A text that must not be empty. */
  text(name: string): string {
    return this.optionalText(name) ?? this.#fail(`'${name}'`, 'a text');
  }

  /** An empty one counts as none. */
  optionalText(name: string): string | undefined {
    const value = this.#values[name] ?? '';
    if (typeof value !== 'string') return this.#fail(`'${name}'`, 'a text');
    return value === '' ? undefined : value;
  }

  texts(name: string): readonly string[] {
    const value = this.#values[name] ?? [];
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    return this.#fail(`'${name}'`, 'an array of texts');
  }

  integer(name: string): number {
    return this.optionalInteger(name) ?? this.#fail(`'${name}'`, 'an integer');
  }

  optionalInteger(name: string): number | undefined {
    const value = this.#values[name] ?? undefined;
    if (value === undefined || (typeof value === 'number' && Number.isSafeInteger(value))) return value;
    return this.#fail(`'${name}'`, 'an integer');
  }

  integers(name: string): readonly number[] {
    const value = this.#values[name] ?? [];
    if (Array.isArray(value) && value.every((item) => Number.isSafeInteger(item))) return value;
    return this.#fail(`'${name}'`, 'an array of integers');
  }

  optionalBoolean(name: string): boolean | undefined {
    const value = this.#values[name] ?? undefined;
    if (value === undefined || typeof value === 'boolean') return value;
    return this.#fail(`'${name}'`, 'true or false');
  }

  /** Names with a text, or with null for a variable that is taken away. */
  environment(name: string): Readonly<Record<string, string | null>> {
    const value = this.#values[name] ?? {};
    const isValue = (item: unknown) => item === null || typeof item === 'string';
    if (!isRecord(value) || !Object.values(value).every(isValue)) {
      return this.#fail(`'${name}'`, 'an object of texts, or null for variables to take away');
    }
    return value as Record<string, string | null>;
  }

  /** The length of an array. */
  count(name: string): number {
    const value = this.#values[name] ?? [];
    return Array.isArray(value) ? value.length : this.#fail(`'${name}'`, 'an array');
  }

  /** All of them as they are, for somebody else to check. */
  get all(): Readonly<Record<string, unknown>> {
    return this.#values;
  }

  #fail(what: string, expected: string): never {
    throw new AdapterError(ErrorId.BadArguments, `${this.#command}: ${what} must be ${expected}`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
