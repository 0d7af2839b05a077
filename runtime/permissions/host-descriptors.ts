import { closeSync, openSync, readFileSync } from 'node:fs';

/** Descriptors that guests leave to the runtime: for its inspector, its threads, and files that it reads. */
const RESERVED = 256;

/** What is asked of the operating system; tests bring another one. */
export interface DescriptorSource {
  /** How many descriptors this OS process may have; Infinity if nobody knows. Throws if there is none left for the question. */
  limit(): number;
  /** The lowest number that is free: the next descriptor gets it. Throws if there is none. */
  lowestFree(): number;
}

/** What Linux tells. @param limits the file with the limits of this OS process. Not everybody mounts /proc */
export function linuxDescriptors(limits = '/proc/self/limits'): DescriptorSource {
  return { limit: () => softLimit(limits), lowestFree };
}

function softLimit(limits: string): number {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync(limits, 'latin1')) ?? [];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch (error) {
    if (isExhausted(error)) throw error;
    return Number.POSITIVE_INFINITY;
  }
}

function lowestFree(): number {
  const fd = openSync('/', 'r');
  closeSync(fd);
  return fd;
}

function isExhausted(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EMFILE' || error.code === 'ENFILE');
}

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
    const end = this.#firstReserved();
    return end !== null && fd < end;
  }

  /** Whether a guest may have what is opened next. Asks the operating system. */
  get haveRoom(): boolean {
    const end = this.#firstReserved();
    if (end === null || end === Number.POSITIVE_INFINITY) return end !== null;
    try {
      return this.#source.lowestFree() < end;
    } catch {
      // There are none left, not even for this question.
      return false;
    }
  }

  /** The first one that guests leave to the runtime. It is asked for once; null if there is none left to ask with. */
  #firstReserved(): number | null {
    if (this.#end !== null) return this.#end;
    try {
      const limit = this.#source.limit();
      this.#end = limit === Number.POSITIVE_INFINITY ? limit : limit - Math.min(RESERVED, limit / 2);
    } catch {
      return null;
    }
    return this.#end;
  }
}

/** Those of this OS process. Other systems than Linux do not tell how many there may be, nor does a Linux without /proc. */
export const hostDescriptors = new HostDescriptors(
  process.platform === 'linux' ? linuxDescriptors() : UNKNOWN,
);
