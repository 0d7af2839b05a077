import type { KeptFrame } from '../wasm/index.ts';
import type { LocalInfo } from './protocol.ts';

/** Bytes of locals by their types. */
export const LOCAL_SIZES = { i32: 4, i64: 8, f32: 4, f64: 8, v128: 16 } as const;

/** The locals of a call. @param frames the memory of frames */
export function keptLocals(frames: DataView, { at: start, layout }: KeptFrame): LocalInfo[] {
  return layout.locals.map(({ index, type, at }) => ({
    index,
    type,
    data: bytesIn(frames, start + at, LOCAL_SIZES[type]).toString('base64'),
  }));
}

/** A part of the memory of frames. */
export function bytesIn({ buffer, byteOffset }: DataView, at: number, size: number): Buffer {
  return Buffer.from(buffer, byteOffset + at, size);
}
