/** Writes the few small modules that the kernel calls itself, as lists of bytes. */

/** Encodes an unsigned number. */
export function leb(n: number): number[] {
  return n < 0x80 ? [n] : [(n & 0x7f) | 0x80, ...leb(n >>> 7)];
}

export function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

/** Puts a module together from its sections, in their order. */
export function smallModule(...sections: readonly number[][]): Uint8Array<ArrayBuffer> {
  return new Uint8Array([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()]);
}
