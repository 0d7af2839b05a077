import type { ImportedMemory } from '../wasm/index.ts';
import { PAGE_SIZE } from './memory-image.ts';

/** The most pages of any memory, whatever a config says: 4 GiB, and the 16 GiB of V8 with 64-bit addresses. */
const MAX_PAGES = 65_536;
const MAX_PAGES_64 = 262_144;

/** A memory with the sizes that it was made for, in pages. */
export interface OwnedMemory {
  readonly memory: WebAssembly.Memory;
  readonly initial: number;
  /** What it can grow to; for the first of several, what all of them can grow to together. */
  readonly maximum: number;
  readonly is64: boolean;
  /** The others of an instance that has several memories. */
  readonly others: readonly OwnedMemory[];
}

/** The bytes that it and the others have now. */
export function bytesOf({ memory, others }: OwnedMemory): number {
  let bytes = memory.buffer.byteLength;
  for (const other of others) bytes += other.memory.buffer.byteLength;
  return bytes;
}

/** Whether the instance of another module can take it over: it is the only one of its instance, and 32-bit. */
export function isCommon({ others, is64 }: OwnedMemory): boolean {
  return others.length === 0 && !is64;
}

/** The most pages that the memories of an instance may have; undefined if its module defines none. */
export function maximumPages(memories: readonly ImportedMemory[], maxMemory: number): number | undefined {
  const [first] = memories;
  if (first === undefined) return undefined;
  const allowed = Math.floor(maxMemory / PAGE_SIZE);
  return memories.length === 1
    ? maximumOf(first, allowed)
    : Math.min(allowed, memories.length * MAX_PAGES_64);
}

/** The most pages of one memory. */
export function maximumOf({ maximum, is64 }: ImportedMemory, allowed: number): number {
  const most = is64 ? MAX_PAGES_64 : MAX_PAGES;
  return Math.min(maximum ?? most, allowed, most);
}

/**
 * Makes a memory of no pages.
 * @throws RangeError if the address space is used up: a memory takes the same part of it, whatever its size
 */
export function makeMemory(maximum: number, is64: boolean): WebAssembly.Memory {
  return is64
    ? new WebAssembly.Memory({ address: 'i64', initial: 0n, maximum: BigInt(maximum) })
    : new WebAssembly.Memory({ initial: 0, maximum });
}

/** @throws RangeError if there is no room */
export function growMemory(memory: WebAssembly.Memory, pages: number, is64: boolean): void {
  if (is64) memory.grow(BigInt(pages));
  else memory.grow(pages);
}
