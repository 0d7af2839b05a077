import { platform } from 'node:process';
import type { OwnedMemory } from './owned-memory.ts';

/** Bytes of the pieces, the largest first. A piece of which all was touched takes a millisecond. */
const LARGEST = 8 * 2 ** 20;
const SMALLEST = 2 ** 18;
const PIECES = [LARGEST, LARGEST / 2, LARGEST / 4, LARGEST / 8, LARGEST / 16, SMALLEST];

/** Bytes that wait before any are given back: fewer are collected in two milliseconds. Most programs end before. */
const MOST_WAITING = 16 * 2 ** 20;

/** One of so many parts of what waits is given back at a time. */
const SHARE = 16;

/** Versions of V8 that have what is needed here. They report a flag that they do not know. */
const KNOWS_FLAG = /^1[34]\./;
const FLAG = 'experimental-wasm-memory-control';

/** What the operating system can map into a memory in place of what is there. V8 aborts if it is used without the flag. */
interface Descriptor {
  map(memory: WebAssembly.Memory, offset: number): void;
  unmap(): void;
}

type MakeDescriptor = new (bytes: number) => Descriptor;

/** A memory of which a part has been given back. */
interface Dropped {
  readonly memory: WebAssembly.Memory;
  readonly size: number;
  next: number;
  pieces: number;
}

/**
 * Gives back the pages of memories that nobody uses any more, piece by piece and between turns. V8 gives back a memory whole, on the
 * main thread and several in one collection, and the operating system takes 10 to 15 ms for each hundred mebibytes that were touched.
 *
 * A piece is given back by mapping another one in its place, which was never touched. The memory has zeros there afterwards. V8 has a
 * way to do so, of which guests do not know: the flag for it is set only while it is used here, and no code runs meanwhile.
 */
export class DroppedMemories {
  readonly #waiting: Dropped[] = [];
  readonly #descriptors = new Map<number, Descriptor>();
  readonly #onDone: (bytes: number, pieces: number) => void;
  #waitingBytes = 0;
  #make: MakeDescriptor | null = null;
  /** Whether this machine can do it, as far as is known. */
  #isAble = platform === 'linux' && KNOWS_FLAG.test(process.versions.v8);
  #next: NodeJS.Immediate | null = null;

  /** @param onDone called with each memory that can be collected: the bytes that are left in it, and the pieces it was divided into */
  constructor(onDone: (bytes: number, pieces: number) => void) {
    this.#onDone = onDone;
  }

  /** Takes a memory, and those that belong to it. Nobody may use them any more. */
  add({ memory, is64, others }: OwnedMemory): void {
    const size = memory.buffer.byteLength;
    // It would take an offset of another type.
    if (is64 || size < SMALLEST || !this.#isAble) {
      this.#onDone(size, 0);
    } else {
      this.#waiting.push({ memory, size, next: 0, pieces: 0 });
      this.#waitingBytes += size;
      if (this.#waitingBytes > MOST_WAITING) this.#goOn();
    }
    for (const other of others) this.add(other);
  }

  /** Gives back no more, so that what is there can be collected whole. */
  clear(): void {
    this.#waitingBytes = 0;
    for (const { size, next, pieces } of this.#waiting.splice(0)) this.#onDone(size - next, pieces);
  }

  #goOn(): void {
    // Nobody waits for it: it keeps no command from its end.
    this.#next ??= setImmediate(this.#step).unref();
  }

  readonly #step = (): void => {
    this.#next = null;
    const { setFlagsFromString } = process.getBuiltinModule('node:v8');
    setFlagsFromString(`--${FLAG}`);
    try {
      this.#make ??= findMaker();
      // More where more is dropped in one turn than this, so that it does not pile up.
      let left = Math.max(LARGEST, this.#waitingBytes / SHARE);
      for (let first = this.#waiting[0]; first !== undefined && left > 0; first = this.#waiting[0])
        left -= this.#giveBack(first, this.#make);
    } catch {
      // No memory for another mapping, or no descriptor: they are collected as they are.
      this.#isAble = false;
      this.clear();
    } finally {
      setFlagsFromString(`--no-${FLAG}`);
    }
    if (this.#waiting.length > 0) this.#goOn();
  };

  /** Gives back the next piece of the memory that has waited longest, and returns its size. */
  #giveBack(dropped: Dropped, Maker: MakeDescriptor): number {
    const { memory, size, next } = dropped;
    const piece = PIECES.find((bytes) => next + bytes <= size) ?? SMALLEST;
    let descriptor = this.#descriptors.get(piece);
    if (descriptor === undefined) {
      descriptor = new Maker(piece);
      this.#descriptors.set(piece, descriptor);
    }
    descriptor.map(memory, next);
    descriptor.unmap();
    dropped.next += piece;
    dropped.pieces++;
    if (dropped.next + SMALLEST > size) {
      this.#waiting.shift();
      this.#waitingBytes -= size;
      this.#onDone(size - dropped.next, dropped.pieces);
    }
    return piece;
  }
}

/**
 * V8 shows it to contexts that are made while the flag is set.
 * @throws if this one does not have it
 */
function findMaker(): MakeDescriptor {
  const code = 'globalThis.WebAssembly?.MemoryMapDescriptor';
  const found: unknown = process.getBuiltinModule('node:vm').runInNewContext(code);
  if (typeof found !== 'function') throw new Error('V8 cannot map anything into a memory');
  return found as MakeDescriptor;
}
