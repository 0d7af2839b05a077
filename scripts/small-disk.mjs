// A disk of 2 MiB, in memory, which only one command sees. Not every machine lets every user have one.
import { spawnSync } from 'node:child_process';

const SCRIPT =
  'mount -t tmpfs -o size=2m none "$0" || exit 99; disk=$0; kept=$1; shift; "$@"; code=$?; cp -R "$disk/." "$kept"; exit $code';

/**
 * Runs a command with such a disk.
 * @param {string} disk the folder where it is
 * @param {string} kept a folder to which its files are copied at the end
 * @param {readonly string[]} command
 */
export function runOnSmallDisk(disk, kept, command) {
  const words = ['--map-root-user', '--mount', 'sh', '-c', SCRIPT, disk, kept, ...command];
  return spawnSync('unshare', words, { encoding: 'utf8' });
}

let can;

/** Whether there can be such a disk here. */
export function canMountSmallDisk() {
  can ??=
    spawnSync('unshare', ['--map-root-user', '--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
  return can;
}
