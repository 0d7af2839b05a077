/** What a descriptor refers to (`wasi_snapshot_preview1`, type `filetype`). */
export const FileType = {
  Unknown: 0,
  BlockDevice: 1,
  CharacterDevice: 2,
  Directory: 3,
  RegularFile: 4,
  SocketStream: 6,
  SymbolicLink: 7,
} as const;
export type FileType = (typeof FileType)[keyof typeof FileType];

/** How a descriptor reads and writes (type `fdflags`). */
export const FdFlag = { Append: 1, Dsync: 2, Nonblock: 4, Rsync: 8, Sync: 16 } as const;
export const ALL_FD_FLAGS = 31;

/** Something that a guest knows by a number. */
export abstract class Descriptor {
  /** `Right`s to it. They can only be reduced. */
  rights: number;
  /** `Right`s that whatever is opened in it may have. */
  inheriting: number;
  /** `FdFlag`s. */
  flags: number;

  constructor(rights: number, inheriting: number, flags: number) {
    this.rights = rights;
    this.inheriting = inheriting;
    this.flags = flags;
  }

  abstract readonly fileType: FileType;

  /** Releases its resources of the host. */
  close(): void {}

  has(right: number): boolean {
    return (this.rights & right) === right;
  }
}
