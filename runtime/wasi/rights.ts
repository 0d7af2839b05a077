/** The rights to a descriptor (`wasi_snapshot_preview1`, type `rights`). All of them fit into 30 bits. */
export const Right = {
  FdDatasync: 1 << 0,
  FdRead: 1 << 1,
  FdSeek: 1 << 2,
  FdFdstatSetFlags: 1 << 3,
  FdSync: 1 << 4,
  FdTell: 1 << 5,
  FdWrite: 1 << 6,
  FdAdvise: 1 << 7,
  FdAllocate: 1 << 8,
  PathCreateDirectory: 1 << 9,
  PathCreateFile: 1 << 10,
  PathLinkSource: 1 << 11,
  PathLinkTarget: 1 << 12,
  PathOpen: 1 << 13,
  FdReaddir: 1 << 14,
  PathReadlink: 1 << 15,
  PathRenameSource: 1 << 16,
  PathRenameTarget: 1 << 17,
  PathFilestatGet: 1 << 18,
  PathFilestatSetSize: 1 << 19,
  PathFilestatSetTimes: 1 << 20,
  FdFilestatGet: 1 << 21,
  FdFilestatSetSize: 1 << 22,
  FdFilestatSetTimes: 1 << 23,
  PathSymlink: 1 << 24,
  PathRemoveDirectory: 1 << 25,
  PathUnlinkFile: 1 << 26,
  PollFdReadwrite: 1 << 27,
} as const;

function all(...rights: readonly number[]): number {
  return rights.reduce((sum, right) => sum | right, 0);
}

/** All rights to a regular file. */
export const FILE_RIGHTS = all(
  Right.FdDatasync,
  Right.FdRead,
  Right.FdSeek,
  Right.FdFdstatSetFlags,
  Right.FdSync,
  Right.FdTell,
  Right.FdWrite,
  Right.FdAdvise,
  Right.FdAllocate,
  Right.FdFilestatGet,
  Right.FdFilestatSetSize,
  Right.FdFilestatSetTimes,
  Right.PollFdReadwrite,
);

/** All rights to a directory. */
export const DIRECTORY_RIGHTS = all(
  Right.FdDatasync,
  Right.FdFdstatSetFlags,
  Right.FdSync,
  Right.FdAdvise,
  Right.PathCreateDirectory,
  Right.PathCreateFile,
  Right.PathLinkSource,
  Right.PathLinkTarget,
  Right.PathOpen,
  Right.FdReaddir,
  Right.PathReadlink,
  Right.PathRenameSource,
  Right.PathRenameTarget,
  Right.PathFilestatGet,
  Right.PathFilestatSetSize,
  Right.PathFilestatSetTimes,
  Right.FdFilestatGet,
  Right.FdFilestatSetTimes,
  Right.PathSymlink,
  Right.PathRemoveDirectory,
  Right.PathUnlinkFile,
);

/** Rights that files and directories opened in a preopened directory may have. */
export const INHERITED_RIGHTS = FILE_RIGHTS | DIRECTORY_RIGHTS;

/** Rights for which a file must be open for writing. */
export const WRITING_RIGHTS = Right.FdWrite | Right.FdAllocate | Right.FdFilestatSetSize;
