import type { Die } from './die.ts';

/** Where a variable is, or what it is, at one moment. */
export type Location =
  /** In the memory of the process. */
  | { readonly kind: 'memory'; readonly address: number }
  /** In a local, a global, or on the operand stack of the function, which is as long as its wasm type. */
  | { readonly kind: 'wasm'; readonly store: WasmStore; readonly index: number }
  /** Nowhere, but its value is known. Little-endian; longer or shorter than the variable's type perhaps. */
  | { readonly kind: 'value'; readonly bytes: Uint8Array }
  /** It is a pointer that was optimised away; what it points to, at this offset, is described by an entry. */
  | { readonly kind: 'pointer'; readonly target: Die; readonly offset: number }
  /** In several places, lowest bytes first. */
  | { readonly kind: 'pieces'; readonly pieces: readonly Piece[] }
  /** Optimised away. */
  | { readonly kind: 'nowhere' }
  /** It exists, but cannot be found out. */
  | { readonly kind: 'unknown'; readonly why: string };

export type WasmStore = 'local' | 'global' | 'operand';

export interface Piece {
  readonly location: Location;
  /** How much of the variable it is, in bits; mostly whole bytes. */
  readonly bits: number;
  /** Where it begins in what the location has, in bits. */
  readonly bitOffset: number;
}

export const NOWHERE: Location = { kind: 'nowhere' };

/** How the values of a stopped frame are read. */
export interface FrameValues {
  /** The bytes of a local, a global or an operand, as many as its type has, little-endian; null if there is none. */
  read(store: WasmStore, index: number): Uint8Array | null;
  /** Bytes of the memory; null if they are not all inside. */
  memory(address: number, size: number): Uint8Array | null;
}

/** More of a variable is not read as a whole. */
const MAX_SIZE = 2 ** 24;

/** Reads what is at a location; null if it is not known, or not there. */
export function readLocation(location: Location, size: number, frame: FrameValues): Uint8Array | null {
  if (!(size >= 0 && size <= MAX_SIZE)) return null;
  switch (location.kind) {
    case 'memory':
      return frame.memory(location.address, size);
    case 'wasm':
      return sized(frame.read(location.store, location.index), size);
    case 'value':
      return sized(location.bytes, size);
    case 'pieces':
      return readPieces(location.pieces, size, frame);
    default:
      return null;
  }
}

/** As many bytes as wanted, filled up with zeros. */
function sized(bytes: Uint8Array | null, size: number): Uint8Array | null {
  if (bytes === null) return null;
  const whole = new Uint8Array(size);
  whole.set(bytes.subarray(0, size));
  return whole;
}

function readPieces(pieces: readonly Piece[], size: number, frame: FrameValues): Uint8Array | null {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const { location, bits, bitOffset } of pieces) {
    const end = Math.min(at + bits, 8 * size);
    if (end <= at) continue;
    const part = readLocation(location, Math.ceil((bitOffset + end - at) / 8), frame);
    if (part === null) return null;
    for (let bit = at; bit < end; bit++) {
      const from = bitOffset + bit - at;
      const value = ((part[from >> 3] ?? 0) >> (from & 7)) & 1;
      whole[bit >> 3] = (whole[bit >> 3] ?? 0) | (value << (bit & 7));
    }
    at = end;
  }
  return whole;
}
