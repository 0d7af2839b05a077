import type { SQLInputValue } from 'node:sqlite';
import type { BindKey } from './bincode.ts';
import { parameterNames } from './parameter-names.ts';
import { SQLITE_RANGE, SqliteError } from './sqlite-error.ts';
import type { Value } from './value.ts';

/** Signs that a guest may leave out of a name. */
const SIGNS = ['', ':', '@', '$'];

/** The values that are bound to the parameters of a statement. */
export class Bindings {
  /** Counts bytes, or negative ones no more. @throws SqliteError if there are too many */
  readonly #reserve: (bytes: number) => void;
  /** Names of the parameters by number, see `parameterNames`. Found when something is bound. */
  #names: readonly (string | null)[] | null = null;
  /** Values of the parameters without a name, in order, and of those with one. */
  readonly #positional: SQLInputValue[] = [];
  #named: Record<string, SQLInputValue> | null = null;
  /** The index in `#positional` of each parameter without a name, by number. */
  readonly #indexOf: number[] = [];
  #bytes = 0;

  constructor(reserve: (bytes: number) => void) {
    this.#reserve = reserve;
  }

  get positional(): SQLInputValue[] {
    return this.#positional;
  }

  get named(): Record<string, SQLInputValue> | null {
    return this.#named;
  }

  /** What they take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @param sql the statement. @throws SqliteError if it has no such parameter, or too much is bound */
  bind(key: BindKey, value: Value, sql: string): void {
    const names = this.#names ?? this.#findParameters(sql);
    const number = typeof key === 'number' ? key : key === null ? 1 : numberOf(key, names);
    const name = names[number];
    if (name === undefined || number === 0) {
      throw new SqliteError(
        SQLITE_RANGE,
        `there is no parameter ${key}, the statement has ${names.length - 1}`,
      );
    }
    const index = this.#indexOf[number] ?? 0;
    const old = name === null ? this.#positional[index] : this.#named?.[name];
    const growth = sizeOf(value) - sizeOf(old);
    // Programs bind values of the same size again and again.
    if (growth !== 0) {
      this.#reserve(growth);
      this.#bytes += growth;
    }
    if (name === null) this.#positional[index] = value;
    else if (this.#named !== null) this.#named[name] = value;
  }

  #findParameters(sql: string): readonly (string | null)[] {
    const names = parameterNames(sql);
    for (const [number, name] of names.entries()) {
      if (number === 0) continue;
      if (name === null) {
        this.#indexOf[number] = this.#positional.length;
        this.#positional.push(null);
      } else {
        this.#named ??= Object.create(null) as Record<string, SQLInputValue>;
        this.#named[name] = null;
      }
    }
    this.#names = names;
    return names;
  }

  /** Counts them no more. */
  release(): void {
    this.#reserve(-this.#bytes);
    this.#bytes = 0;
  }
}

/** Returns the number of a parameter. @throws SqliteError if no parameter has the name, with or without a sign */
function numberOf(key: string, names: readonly (string | null)[]): number {
  for (const sign of SIGNS) {
    const number = names.indexOf(sign + key);
    if (number > 0) return number;
  }
  throw new SqliteError(SQLITE_RANGE, `there is no parameter "${key}"`);
}

/** Returns the bytes that a bound value takes. Numbers do not count. */
function sizeOf(value: SQLInputValue | undefined): number {
  if (typeof value === 'string') return value.length * 2;
  return value instanceof Uint8Array ? value.length : 0;
}
