import { displayName } from '../text/display-name.ts';
import type { FuncType, TypeDefinition } from '../wasm/index.ts';
import { noEntryTrap } from './trap.ts';

/** A value for an entry function: an i32 as a number, an i64 as a bigint, a v128 as its 16 bytes. */
export type EntryValue = number | bigint | Uint8Array;

/** What a process runs. */
export interface Entry {
  readonly name: string;
  readonly params: readonly EntryValue[];
}

/**
 * The parameters of entry functions that can be called on a stack which was kept (`EntryStacks`). SDKs pass one or two numbers
 * to a process, and the rest in its first message.
 */
export const ENTRY_SHAPES: readonly (readonly ('i32' | 'i64')[])[] = [
  [],
  ['i32'],
  ['i64'],
  ['i32', 'i32'],
  ['i32', 'i64'],
  ['i64', 'i32'],
  ['i64', 'i64'],
];

/** The type of an exported function. */
export interface EntryType extends FuncType {
  /** Its index in `ENTRY_SHAPES`; -1 if it is none of these. */
  readonly shape: number;
}

export function entryType({ params, results, plain }: TypeDefinition): EntryType {
  // A type of a group, or with subtypes, is another one than that of the same parameters.
  const isCallable = plain && results.length === 0;
  const shape = isCallable ? ENTRY_SHAPES.findIndex((shape) => isSame(shape, params)) : -1;
  return { params, results, shape };
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((type, i) => type === others[i]);
}

/** Whether a function can be called with these values. */
export function suits(values: readonly EntryValue[], { params }: FuncType): boolean {
  if (values.length !== params.length) return false;
  for (let i = 0; i < values.length; i++) if (typeOf(values[i] ?? 0) !== params[i]) return false;
  return true;
}

function typeOf(value: EntryValue): string {
  switch (typeof value) {
    case 'number':
      return 'i32';
    case 'bigint':
      return 'i64';
    default:
      return 'v128';
  }
}

/**
 * Checks that a process can begin with a function.
 * @param type undefined if the module exports no such function
 * @throws a trap if it cannot
 */
export function checkEntry({ name, params }: Entry, type: EntryType | undefined): void {
  if (type === undefined) {
    throw noEntryTrap(`the module exports no function "${displayName(name)}"`);
  }
  if (!suits(params, type)) {
    const given = params.map(typeOf).join(', ');
    throw noEntryTrap(
      `the entry function "${displayName(name)}" takes (${type.params.join(', ')}), it was given (${given})`,
    );
  }
  if (type.results.length > 0) {
    throw noEntryTrap(`the entry function "${displayName(name)}" must not return a value`);
  }
}

/** Whether JavaScript can pass all of the values to wasm: it has no v128. */
export function isPlain(params: readonly EntryValue[]): params is readonly (number | bigint)[] {
  for (const value of params) if (typeof value === 'object') return false;
  return true;
}
