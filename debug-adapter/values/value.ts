import type { Place, TypeId } from '../../runtime/internal.ts';

/** A variable or a part of one: what its type is and where it is, but not what it holds at the moment. Plain data. */
export interface Value {
  /** Null is `void`. */
  readonly type: TypeId | null;
  readonly place: Place;
  /** Bytes from the beginning of the place. */
  readonly offset: number;
  /** Of a bit field: where it is, counted from the lowest bit at `offset`. */
  readonly bits?: { readonly offset: number; readonly size: number };
  /** Of a part of an array of several dimensions: how many of these are done with. */
  readonly dimension?: number;
  /** Whether it is displayed as its parts in memory, whatever they mean. */
  readonly isRaw?: boolean;
}

/** A part of a value, as somebody opens it. */
export interface Part {
  readonly name: string;
  /** A text where there is nothing to be opened or set. */
  readonly value: Value | string;
  /** What stands behind an expression of the whole to mean the part: `.x`, `[3]`. Null if there is no such expression. */
  readonly path: string | null;
}

/** What leads to values. */
export interface Keys {
  /** The value of the first key for which something is true; null if there is none among the first entries. */
  lookUp(isIt: (key: Value) => Promise<boolean>): Promise<Value | null>;
  /** How many entries that are at most. */
  readonly most: number;
  /** The type of the values. */
  readonly type: TypeId | null;
}

/** What a value looks like. */
export interface Shown {
  readonly text: string;
  /** Its parts that have names. */
  readonly named?: (() => Promise<readonly Part[]>) | undefined;
  /** Its parts that are numbered, and how many there are. */
  readonly count?: number;
  readonly page?: (start: number, count: number) => Promise<readonly Part[]>;
  readonly keys?: Keys;
  /** The number, character or pointer that is displayed; it can be set and calculated with. */
  readonly scalar?: Value;
  /** Of a text: all of it. */
  readonly string?: string;
  /** What it points to. */
  readonly target?: Value;
  /** The part of which the type does not tell how large it is. */
  readonly tail?: Part;
  /** Whether `text` is what it is only in the words of its language: the parts in memory can be looked at besides. */
  readonly isMade?: boolean;
}

export function inMemory(type: TypeId | null, address: number): Value {
  return { type, place: { kind: 'memory', address }, offset: 0 };
}

/** The address of a value; null if it is not in memory. */
export function addressOf({ place, offset }: Value): number | null {
  return place.kind === 'memory' ? place.address + offset : null;
}
