/** The error numbers of WASI preview 1 that this runtime returns (`wasi_snapshot_preview1`, type `errno`). */
export const Errno = {
  Success: 0,
  Badf: 8,
  Inval: 28,
  Io: 29,
  Nametoolong: 37,
  Notsup: 58,
  Pipe: 64,
  Spipe: 70,
} as const;
export type Errno = (typeof Errno)[keyof typeof Errno];
