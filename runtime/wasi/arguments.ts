import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import type { ProcessConfig } from '../permissions/config.ts';
import { Errno } from './errno.ts';
import { preview1, SINCE } from './preview1.ts';

/** The arguments and environment of a process, which come from its config. */

const encoder = new TextEncoder();

/** Texts as guests get them: one after the other, each with a NUL at its end. */
class EncodedList {
  readonly #bytes: Uint8Array;
  /** Where each begins. */
  readonly #starts: number[] = [];

  constructor(texts: readonly string[]) {
    const items = texts.map((text) => encoder.encode(`${text}\0`));
    this.#bytes = Buffer.concat(items);
    let at = 0;
    for (const { length } of items) {
      this.#starts.push(at);
      at += length;
    }
  }

  /** The number of bytes and of texts. */
  get cost(): number {
    return this.#bytes.length + this.#starts.length;
  }

  writeSizes({ memory }: Process, countPointer: number, sizePointer: number): Errno {
    memory.writeU32(countPointer, this.#starts.length);
    memory.writeU32(sizePointer, this.#bytes.length);
    return Errno.Success;
  }

  writeTo({ memory }: Process, pointers: number, buffer: number): Errno {
    let pointer = pointers >>> 0;
    for (const start of this.#starts) {
      memory.writeU32(pointer, (buffer >>> 0) + start);
      pointer += 4;
    }
    memory.write(buffer >>> 0, this.#bytes);
    return Errno.Success;
  }
}

/** Encodes what a config says once: it does not change while processes run with it, and every process of a Rust guest asks. */
function encodedOnce(textsOf: (config: ProcessConfig) => string[]): (process: Process) => EncodedList {
  const known = new WeakMap<ProcessConfig, EncodedList>();
  return ({ config }) => {
    let list = known.get(config);
    if (list === undefined) {
      list = new EncodedList(textsOf(config));
      known.set(config, list);
    }
    return list;
  };
}

const args = encodedOnce(({ commandLineArguments }) => commandLineArguments);
const environment = encodedOnce(({ environmentVariables }) =>
  environmentVariables.map(([key, value]) => `${key}=${value}`),
);

function charged({ work }: Scheduler, list: EncodedList): EncodedList {
  work.chargeBytes(list.cost);
  return list;
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
        charged(scheduler, list(scheduler.current)).writeSizes(scheduler.current, countPointer, sizePointer),
  );
  preview1.define(
    `${name}_get`,
    '(pointers: i32, buffer: i32) -> i32',
    { since: SINCE },
    `Writes the ${what}, NUL-terminated, and pointers to them.`,
    ({ scheduler }) =>
      (pointers: number, buffer: number) =>
        charged(scheduler, list(scheduler.current)).writeTo(scheduler.current, pointers, buffer),
  );
}
