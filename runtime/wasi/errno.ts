/** The error numbers of WASI preview 1 (`wasi_snapshot_preview1`, type `errno`). */
export const Errno = {
  Success: 0,
  Toobig: 1,
  Acces: 2,
  Addrinuse: 3,
  Addrnotavail: 4,
  Afnosupport: 5,
  Again: 6,
  Already: 7,
  Badf: 8,
  Badmsg: 9,
  Busy: 10,
  Canceled: 11,
  Child: 12,
  Connaborted: 13,
  Connrefused: 14,
  Connreset: 15,
  Deadlk: 16,
  Destaddrreq: 17,
  Dom: 18,
  Dquot: 19,
  Exist: 20,
  Fault: 21,
  Fbig: 22,
  Hostunreach: 23,
  Idrm: 24,
  Ilseq: 25,
  Inprogress: 26,
  Intr: 27,
  Inval: 28,
  Io: 29,
  Isconn: 30,
  Isdir: 31,
  Loop: 32,
  Mfile: 33,
  Mlink: 34,
  Msgsize: 35,
  Multihop: 36,
  Nametoolong: 37,
  Netdown: 38,
  Netreset: 39,
  Netunreach: 40,
  Nfile: 41,
  Nobufs: 42,
  Nodev: 43,
  Noent: 44,
  Noexec: 45,
  Nolck: 46,
  Nolink: 47,
  Nomem: 48,
  Nomsg: 49,
  Noprotoopt: 50,
  Nospc: 51,
  Nosys: 52,
  Notconn: 53,
  Notdir: 54,
  Notempty: 55,
  Notrecoverable: 56,
  Notsock: 57,
  Notsup: 58,
  Notty: 59,
  Nxio: 60,
  Overflow: 61,
  Ownerdead: 62,
  Perm: 63,
  Pipe: 64,
  Proto: 65,
  Protonosupport: 66,
  Prototype: 67,
  Range: 68,
  Rofs: 69,
  Spipe: 70,
  Srch: 71,
  Stale: 72,
  Timedout: 73,
  Txtbsy: 74,
  Xdev: 75,
  Notcapable: 76,
} as const;
export type Errno = (typeof Errno)[keyof typeof Errno];

let byCode: ReadonlyMap<string, Errno> | null = null;

/** Errors by their code in Node: `ENOENT`, and some of Node's own. Most programs start and end without one. */
function errorCodes(): ReadonlyMap<string, Errno> {
  byCode ??= new Map<string, Errno>([
    ...Object.entries(Errno).map(([name, errno]): [string, Errno] => [`E${name.toUpperCase()}`, errno]),
    ['E2BIG', Errno.Toobig],
    ['EOPNOTSUPP', Errno.Notsup],
    ['EWOULDBLOCK', Errno.Again],
    ['EFTYPE', Errno.Inval],
    ['ERR_INVALID_ARG_VALUE', Errno.Inval],
    ['ERR_OUT_OF_RANGE', Errno.Inval],
    // On Windows, for an error of the disk that Node does not know.
    ['UNKNOWN', Errno.Io],
  ]);
  return byCode;
}

/** Returns the number for an error of the operating system; undefined for any other error. */
export function errnoOf(error: unknown): Errno | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  const { code } = error;
  return errorCodes().get(code) ?? ('errno' in error ? Errno.Io : undefined);
}

/** Returns the number for an error of the operating system. Any other error is thrown. */
export function errnoOrThrow(error: unknown): Errno {
  const errno = errnoOf(error);
  if (errno === undefined) throw error;
  return errno;
}

/** Runs an operation of the host. Returns the number if it throws an error of the operating system; others are thrown. */
export function attempt(operation: () => Errno): Errno {
  try {
    return operation();
  } catch (error) {
    return errnoOrThrow(error);
  }
}
