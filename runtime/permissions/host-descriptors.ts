import { closeSync, openSync, readFileSync } from 'node:fs';

/** Descriptors that guests leave to the runtime: for its inspector, its threads, and files that it reads. */
const RESERVED = 256;

/** What is asked of the operating system; tests bring another one. */
export interface DescriptorSource {
  /** How many descriptors this OS process may have; Infinity if nobody knows. */
  limit(): number;
  /** The lowest number that is free: the next descriptor gets it. */
  lowestFree(): number;
}

const LINUX: DescriptorSource = {
  limit() {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  },
  lowestFree() {
    const fd = openSync('/', 'r');
    closeSync(fd);
    return fd;
  },
};

const UNKNOWN: DescriptorSource = { limit: () => Number.POSITIVE_INFINITY, lowestFree: () => 0 };

/**
 * The descriptors of this OS process that guests may use: those with the lowest numbers, and a new descriptor always gets the lowest
 * one that is free. A guest that opens all it can must not keep the runtime from working, or those out who want to see what it does.
 */
export class HostDescriptors {
  readonly #source: DescriptorSource;
  #end: number | null = null;

  constructor(source: DescriptorSource) {
    this.#source = source;
  }

  /** Returns whether a guest may have a descriptor that was opened for it. Otherwise it must be closed. */
  permits(fd: number): boolean {
    this.#end ??= this.#firstReserved();
    return fd < this.#end;
  }

  /** Whether a guest may have what is opened next. Asks the operating system. */
  get haveRoom(): boolean {
    try {
      this.#end ??= this.#firstReserved();
      return this.#end === Number.POSITIVE_INFINITY || this.permits(this.#source.lowestFree());
    } catch {
      // There are none left, not even for this question.
      return false;
    }
  }

  #firstReserved(): number {
    const limit = this.#source.limit();
    return limit === Number.POSITIVE_INFINITY ? limit : limit - Math.min(RESERVED, limit / 2);
  }
}

/** Those of this OS process. Other systems than Linux do not tell how many there may be. */
export const hostDescriptors = new HostDescriptors(process.platform === 'linux' ? LINUX : UNKNOWN);
