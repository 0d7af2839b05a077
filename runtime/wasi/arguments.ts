import type { Process } from '../kernel/process.ts';
import { Errno } from './errno.ts';
import { preview1, SINCE } from './preview1.ts';

/** The arguments and environment of a process, which come from its config. */

const encoder = new TextEncoder();

/** Encodes a text as guests get it, with a NUL at its end. */
function terminated(text: string): Uint8Array {
  return encoder.encode(`${text}\0`);
}

function environment(process: Process): Uint8Array[] {
  return process.config.environmentVariables.map(([key, value]) => terminated(`${key}=${value}`));
}

function args(process: Process): Uint8Array[] {
  return process.config.commandLineArguments.map(terminated);
}

function writeSizes(process: Process, list: Uint8Array[], countPointer: number, sizePointer: number): Errno {
  process.memory.writeU32(countPointer, list.length);
  process.memory.writeU32(
    sizePointer,
    list.reduce((sum, item) => sum + item.length, 0),
  );
  return Errno.Success;
}

function writeList(process: Process, list: Uint8Array[], pointers: number, buffer: number): Errno {
  let at = buffer >>> 0;
  list.forEach((item, i) => {
    process.memory.writeU32((pointers >>> 0) + i * 4, at);
    process.memory.write(at, item);
    at += item.length;
  });
  return Errno.Success;
}

for (const [name, list, what] of [
  ['args', args, 'command line arguments'],
  ['environ', environment, 'environment variables'],
] as const) {
  preview1.define(
    `${name}_sizes_get`,
    '(count: i32, size: i32) -> i32',
    { since: SINCE },
    `Writes the number of ${what} and the bytes they take.`,
    ({ scheduler }) =>
      (countPointer: number, sizePointer: number) =>
        writeSizes(scheduler.current, list(scheduler.current), countPointer, sizePointer),
  );
  preview1.define(
    `${name}_get`,
    '(pointers: i32, buffer: i32) -> i32',
    { since: SINCE },
    `Writes the ${what}, NUL-terminated, and pointers to them.`,
    ({ scheduler }) =>
      (pointers: number, buffer: number) =>
        writeList(scheduler.current, list(scheduler.current), pointers, buffer),
  );
}
