import { refusal } from '../host/function.ts';
import { Errno } from './errno.ts';
import { preview1, SINCE } from './preview1.ts';

/**
 * Files, directories and sockets. This version gives guests no files: a process has its standard streams and the
 * names of its preopened directories, and every attempt to use more answers ENOTSUP.
 */
const OPERATIONS: readonly [name: string, params: string, doc: string][] = [
  ['fd_advise', 'fd: i32, offset: i64, len: i64, advice: i32', 'Announces how a file will be used.'],
  ['fd_allocate', 'fd: i32, offset: i64, len: i64', 'Makes room in a file.'],
  ['fd_close', 'fd: i32', 'Closes a descriptor.'],
  ['fd_datasync', 'fd: i32', 'Brings the data of a file to the disk.'],
  ['fd_fdstat_set_flags', 'fd: i32, flags: i32', 'Sets the flags of a descriptor.'],
  ['fd_fdstat_set_rights', 'fd: i32, base: i64, inheriting: i64', 'Takes rights of a descriptor away.'],
  ['fd_filestat_set_size', 'fd: i32, size: i64', 'Sets the size of a file.'],
  ['fd_filestat_set_times', 'fd: i32, atim: i64, mtim: i64, flags: i32', 'Sets the times of a file.'],
  ['fd_pread', 'fd: i32, iovs: i32, iovs_len: i32, offset: i64, read: i32', 'Reads at an offset.'],
  ['fd_pwrite', 'fd: i32, iovs: i32, iovs_len: i32, offset: i64, written: i32', 'Writes at an offset.'],
  ['fd_readdir', 'fd: i32, buf: i32, buf_len: i32, cookie: i64, used: i32', 'Lists a directory.'],
  ['fd_renumber', 'fd: i32, to: i32', 'Gives a descriptor another number.'],
  ['fd_sync', 'fd: i32', 'Brings a file to the disk.'],
  ['path_create_directory', 'fd: i32, path: i32, path_len: i32', 'Makes a directory.'],
  [
    'path_filestat_get',
    'fd: i32, flags: i32, path: i32, path_len: i32, stat: i32',
    'Gives attributes of a path.',
  ],
  [
    'path_filestat_set_times',
    'fd: i32, flags: i32, path: i32, path_len: i32, atim: i64, mtim: i64, fst_flags: i32',
    'Sets the times of a path.',
  ],
  [
    'path_link',
    'old_fd: i32, old_flags: i32, old_path: i32, old_path_len: i32, new_fd: i32, new_path: i32, new_path_len: i32',
    'Makes a hard link.',
  ],
  [
    'path_open',
    'fd: i32, dirflags: i32, path: i32, path_len: i32, oflags: i32, base: i64, inheriting: i64, fdflags: i32, opened: i32',
    'Opens a file or directory.',
  ],
  [
    'path_readlink',
    'fd: i32, path: i32, path_len: i32, buf: i32, buf_len: i32, used: i32',
    'Reads a symbolic link.',
  ],
  ['path_remove_directory', 'fd: i32, path: i32, path_len: i32', 'Removes a directory.'],
  [
    'path_rename',
    'fd: i32, old_path: i32, old_path_len: i32, new_fd: i32, new_path: i32, new_path_len: i32',
    'Renames a file or directory.',
  ],
  [
    'path_symlink',
    'old_path: i32, old_path_len: i32, fd: i32, new_path: i32, new_path_len: i32',
    'Makes a symbolic link.',
  ],
  ['path_unlink_file', 'fd: i32, path: i32, path_len: i32', 'Removes a file.'],
  ['sock_accept', 'fd: i32, flags: i32, opened: i32', 'Accepts a connection.'],
  [
    'sock_recv',
    'fd: i32, data: i32, data_len: i32, flags: i32, received: i32, out_flags: i32',
    'Receives from a socket.',
  ],
  ['sock_send', 'fd: i32, data: i32, data_len: i32, flags: i32, sent: i32', 'Sends to a socket.'],
  ['sock_shutdown', 'fd: i32, how: i32', 'Shuts a socket down.'],
];

for (const [name, params, doc] of OPERATIONS) {
  preview1.define(
    name,
    `(${params}) -> i32`,
    { since: SINCE },
    doc,
    refusal(() => () => Errno.Notsup),
  );
}
