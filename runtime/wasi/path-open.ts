import { andThen } from '../hostcall/conventions.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { type HostEntry, PathError } from '../permissions/host-directory.ts';
import { sharedDatabases } from '../permissions/shared-databases.ts';
import { ALL_FD_FLAGS, type Descriptor } from './descriptor.ts';
import { descriptorsOf } from './descriptor-table.ts';
import { DirectoryDescriptor } from './directory.ts';
import { Errno, errnoOf, errnoOrThrow } from './errno.ts';
import { FileDescriptor, openFlags } from './file.ts';
import { directoryOf, pathOf } from './lookup.ts';
import { preview1, SINCE } from './preview1.ts';
import { Right } from './rights.ts';
import { waitForDisk } from './wait-for-disk.ts';
import { Follow, requireNoIndex, Walk } from './walk.ts';

/** How to open (`wasi_snapshot_preview1`, type `oflags`). */
const OpenFlag = { Create: 1, Directory: 2, Exclusive: 4, Truncate: 8 } as const;
const ALL_OPEN_FLAGS = 15;
/** Type `lookupflags`. */
export const LOOKUP_FOLLOW = 1;
/** How often an entry may exist when it is to be created, and not exist when it is to be opened. */
const MAX_TRIES = 16;

/** What a guest wants to open. */
interface Wanted {
  readonly follow: boolean;
  readonly openFlags: number;
  readonly fdFlags: number;
  readonly rights: number;
  readonly inheriting: number;
}

preview1.define(
  'path_open',
  '(fd: i32, dirflags: i32, path: i32, path_len: i32, oflags: i32, base: i64, inheriting: i64, fdflags: i32, opened: i32) -> i32',
  { since: SINCE, split: true, suspends: true, needs: 'directories' },
  'Opens a file or directory. Of the rights wanted it gets those that the directory lets others have.',
  ({ scheduler }) =>
    (
      fd: number,
      lookup: number,
      pathPointer: number,
      pathLength: number,
      open: number,
      base: number,
      _baseHigh: number,
      inheriting: number,
      _inheritingHigh: number,
      fdFlags: number,
      opened: number,
    ) => {
      const { current } = scheduler;
      const needed =
        Right.PathOpen |
        ((open & OpenFlag.Create) !== 0 ? Right.PathCreateFile : 0) |
        ((open & OpenFlag.Truncate) !== 0 ? Right.PathFilestatSetSize : 0);
      const path = pathOf(scheduler, pathPointer, pathLength);
      const cell = current.memory.check(opened, 4);
      const parent = directoryOf(current, fd, needed);
      if (typeof parent === 'number') return parent;
      if (typeof path === 'number') return path;
      if ((lookup & ~LOOKUP_FOLLOW) !== 0 || (open & ~ALL_OPEN_FLAGS) !== 0) return Errno.Inval;
      if ((fdFlags & ~ALL_FD_FLAGS) !== 0) return Errno.Inval;
      if ((open & OpenFlag.Directory) !== 0 && open !== OpenFlag.Directory) return Errno.Inval;
      const table = descriptorsOf(current);
      if (table.isFull) return Errno.Mfile;
      try {
        const walk = new Walk(parent.directory, path, Follow.Never, scheduler.work);
        try {
          const descriptor = openAt(walk, {
            follow: (lookup & LOOKUP_FOLLOW) !== 0,
            openFlags: open,
            fdFlags,
            rights: base & parent.inheriting,
            inheriting: inheriting & parent.inheriting,
          });
          const add = (): Errno => {
            current.memory.writeU32(cell, table.add(descriptor));
            return Errno.Success;
          };
          const isCut = (open & OpenFlag.Truncate) !== 0 && descriptor instanceof FileDescriptor;
          return isCut && descriptor.cutsMuch(0) ? afterCut(scheduler, descriptor, add) : add();
        } finally {
          walk.close();
        }
      } catch (error) {
        return errnoOrThrow(error);
      }
    },
);

/** Empties a large file in a thread, and goes on if that succeeds. */
function afterCut(scheduler: Scheduler, file: FileDescriptor, next: () => Errno): Promise<Errno> {
  const waiting = waitForDisk(
    scheduler,
    (done) => file.resizeApart(0, done),
    () => file.close(),
  );
  return andThen(waiting, (errno) => {
    if (errno === Errno.Success) return next();
    file.close();
    return errno as Errno;
  });
}

function openAt(walk: Walk, wanted: Wanted): Descriptor {
  const creates = (wanted.openFlags & OpenFlag.Create) !== 0;
  const exclusive = creates && (wanted.openFlags & OpenFlag.Exclusive) !== 0;
  for (let tries = 0; tries < MAX_TRIES; ) {
    if (creates) {
      if (walk.mustBeDirectory && walk.name !== '.' && walk.look() === undefined)
        throw new PathError('EISDIR', 'a file cannot be made with the name of a directory');
      const made = create(walk, wanted, exclusive);
      if (made !== undefined) return made;
    }
    let entry: HostEntry;
    try {
      entry = walk.directory.entry(walk.name);
    } catch (error) {
      if (!creates || errnoOf(error) !== Errno.Noent) throw error;
      tries++;
      continue;
    }
    if (!entry.stats.isSymbolicLink()) return openEntry(entry, walk, wanted);
    entry.close();
    if (!wanted.follow && !walk.mustBeDirectory) {
      const asDirectory = (wanted.openFlags & OpenFlag.Directory) !== 0;
      throw new PathError(asDirectory ? 'ENOTDIR' : 'ELOOP', 'it is a symbolic link');
    }
    walk.followLink();
  }
  throw new PathError('EAGAIN', 'it keeps coming and going');
}

/** Creates the file. Returns undefined if something exists already, which may be opened. */
function create(walk: Walk, wanted: Wanted, exclusive: boolean): FileDescriptor | undefined {
  const { rights, inheriting, fdFlags } = wanted;
  if (!exclusive && walk.look() !== undefined) return undefined;
  requireNoIndex(walk);
  try {
    const fd = walk.directory.create(walk.name, openFlags(rights, fdFlags));
    return new FileDescriptor(fd, rights, inheriting, fdFlags);
  } catch (error) {
    if (!exclusive && errnoOf(error) === Errno.Exist) return undefined;
    throw error;
  }
}

/** Empties a file that has just been opened, unless that takes long: whoever opens it sees to that. */
function empty(file: FileDescriptor): void {
  try {
    if (!file.cutsMuch(0)) file.resize(0);
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Opens an entry, or closes it. */
function openEntry(entry: HostEntry, walk: Walk, wanted: Wanted): Descriptor {
  const { rights, inheriting, fdFlags } = wanted;
  const { stats } = entry;
  const truncates = (wanted.openFlags & OpenFlag.Truncate) !== 0;
  let kept = false;
  try {
    if (stats.isDirectory()) {
      const changes = OpenFlag.Create | OpenFlag.Truncate;
      if ((rights & Right.FdWrite) !== 0 || (wanted.openFlags & changes) !== 0)
        throw new PathError('EISDIR', 'it is a directory');
      kept = true;
      return new DirectoryDescriptor(entry.directory(), rights, inheriting);
    }
    if ((wanted.openFlags & OpenFlag.Directory) !== 0 || walk.mustBeDirectory)
      throw new PathError('ENOTDIR', 'it is not a directory');
    // Opening or reading one of these may wait for ever, or set a machine in motion.
    if (stats.isSocket()) throw new PathError('ENXIO', 'it is a socket');
    if (!stats.isFile()) throw new PathError('EACCES', 'devices and FIFOs cannot be opened');
    requireNoIndex(walk);
    if (!sharedDatabases.mayOpen(stats)) throw new PathError('EBUSY', 'it is a database in use');
    const forHost = truncates ? rights | Right.FdWrite : rights;
    const file = new FileDescriptor(entry.file(openFlags(forHost, fdFlags)), rights, inheriting, fdFlags);
    if (truncates) empty(file);
    return file;
  } finally {
    if (!kept) entry.close();
  }
}
