import type { Type } from './type.ts';

/** Integers are numbers where these are exact, else BigInts; pointers and characters are numbers. */
export type Value = number | bigint | boolean | string;

/** What an expression is evaluated in. */
export interface Context {
  /** The memory to which its pointers lead. */
  readonly memory: DataView;
}

/** What one variant of an enum is compared with. */
export interface Variant<In extends Context> {
  readonly isIt: (context: In) => boolean;
  /** What it has, which is there only if it is this one; null if that is not known, since it is another one. */
  readonly fields: readonly Code<In>[] | null;
}

/** The variants of an enum. */
export interface Variants<In extends Context> {
  /** Some of their names, for messages. */
  readonly names: readonly string[];
  find(name: string): Variant<In> | undefined;
}

/** An expression that can be evaluated again and again. What it reads may fail with an `ExpressionError`. */
export interface Code<In extends Context> {
  readonly type: Type;
  /** Missing for what is no single value: an array, a record. */
  readonly value?: (context: In) => Value;
  /** Where it is in memory; missing if it is not there. */
  readonly address?: (context: In) => number;
  /** Bytes that it takes, where its type tells those of what it stands for. */
  readonly bytes?: number;
  /** A part of it; undefined if it has none of that name. */
  readonly member?: (name: string) => Code<In> | undefined;
  /** All of its parts, in their order. */
  readonly fields?: () => readonly Code<In>[];
  /** Its number of elements or bytes, where its type does not tell. */
  readonly length?: (context: In) => number;
  /** Of a pointer or an array: what is at an address, as what this leads to. */
  readonly to?: (address: (context: In) => number) => Code<In>;
  /** What is at another address, as the same type. */
  readonly again?: (address: (context: In) => number) => Code<In>;
  /** Of a pointer that may be NULL: what it is with a name for itself, which is told then. */
  readonly called?: (name: string) => Code<In>;
  /** What a pointer points to, where its type does not tell. */
  readonly target?: () => Code<In>;
  /** An element of it, where its type does not tell. */
  readonly element?: (index: (context: In) => number) => Code<In>;
  /** What a key leads to, where it has keys. */
  readonly entry?: (key: Code<In>) => Code<In>;
  /** Of an enum with parts. */
  readonly variants?: Variants<In>;
  /**
   * What is displayed of it, where it is no single value.
   * @param depth how many values are around it
   */
  readonly text?: (context: In, depth: number) => string;
}

/** Finds what names stand for. */
export interface Scope<In extends Context> {
  /** @throws ExpressionError if there is one of which nothing can be read */
  find(name: string): Code<In> | undefined;
  /** Whether an expression is compiled each time it is evaluated. Errors in an operand that is not evaluated are then ignored. */
  readonly isLate?: boolean;
  /** Of names whose types depend on what is there: the scope in which an expression is compiled for each time that it is evaluated. */
  readonly at?: ((context: In) => Scope<In>) | undefined;
}
