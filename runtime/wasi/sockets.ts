import { descriptorsOf } from './descriptor-table.ts';
import { Errno } from './errno.ts';
import { preview1, SINCE } from './preview1.ts';

/** Functions for sockets. No descriptor is a socket: those of `lunatic::networking` have ids of their own. */
for (const [name, params, doc] of [
  ['sock_accept', 'fd: i32, flags: i32, opened: i32', 'Accepts a connection.'],
  [
    'sock_recv',
    'fd: i32, data: i32, data_len: i32, flags: i32, received: i32, out_flags: i32',
    'Receives from a socket.',
  ],
  ['sock_send', 'fd: i32, data: i32, data_len: i32, flags: i32, sent: i32', 'Sends to a socket.'],
  ['sock_shutdown', 'fd: i32, how: i32', 'Shuts a socket down.'],
] as const) {
  preview1.define(
    name,
    `(${params}) -> i32`,
    { since: SINCE },
    `${doc} Answers ENOTSOCK: no descriptor is a socket.`,
    ({ scheduler }) =>
      (fd: number) =>
        descriptorsOf(scheduler.current).get(fd) === undefined ? Errno.Badf : Errno.Notsock,
  );
}
