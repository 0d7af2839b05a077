// A disk of 2 MiB, in memory, which only one command sees. Not every machine lets every user have one.
import { spawnSync } from 'node:child_process';

/** Arguments follow: the folder where the disk is, one to which its files are copied at the end, and the command with its own. */
export const ON_SMALL_DISK = [
  'unshare',
  ...['--map-root-user', '--mount', 'sh', '-c'],
  'mount -t tmpfs -o size=2m none "$0" || exit 99; disk=$0; kept=$1; shift; "$@"; code=$?; cp -R "$disk/." "$kept"; exit $code',
];

let can;

/** Whether there can be such a disk here. */
export function canMountSmallDisk() {
  can ??=
    spawnSync('unshare', ['--map-root-user', '--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
  return can;
}
