import type { TypeDefinition } from '../wasm/index.ts';
import { ModuleError } from './module-error.ts';

/** The most types that modules made by processes may bring. */
const MOST_TYPES = 500_000;
/** What an array counts for, with the types that the rewriter adds for the instructions on it: see `MOST_COPIES_PER_ARRAY`. */
const TYPES_PER_ARRAY = 9;

const FNV_PRIME = 0x0100_0193;

/**
 * The types of modules that processes have made. V8 keeps every type that a module has shown it, also one that is not valid, until the
 * OS process ends, and ends that with a fatal error once there are about two million.
 */
export class KnownTypes {
  readonly #most: number;
  /** Digests of types, so that what is kept of them is small. */
  readonly #digests = new Set<number>();
  /** Guests must not be able to find two types with one digest. Made when they are needed: `crypto` takes milliseconds to load. */
  #seeds: Uint32Array | null = null;
  #others = 0;

  constructor(most = MOST_TYPES) {
    this.#most = most;
  }

  /**
   * Counts the types of a module that V8 has not been shown yet.
   * @throws ModuleError if there would be too many
   */
  add(types: readonly TypeDefinition[]): void {
    const fresh = new Set<number>();
    let others = 0;
    for (const type of types) {
      const text = textOf(type);
      const digest = text === null ? null : this.#digestOf(text);
      // One that names types by their index may be another one in each module.
      if (digest === null) others += type.kind === 'array' ? TYPES_PER_ARRAY : 1;
      else if (!this.#digests.has(digest)) fresh.add(digest);
    }
    if (this.#digests.size + this.#others + fresh.size + others > this.#most) {
      throw new ModuleError(
        `modules that processes compile cannot bring more than ${this.#most} different types altogether: the engine keeps them until the end`,
      );
    }
    this.#others += others;
    for (const digest of fresh) this.#digests.add(digest);
  }

  #digestOf(text: string): number {
    this.#seeds ??= crypto.getRandomValues(new Uint32Array(2));
    let [a = 0, b = 0] = this.#seeds;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, FNV_PRIME);
      b = Math.imul((b ^ code) + (b >>> 15), FNV_PRIME);
    }
    return (a >>> 0) * 2 ** 21 + (b >>> 11);
  }
}

/** What tells a function type apart from others in all modules; null if only its own module knows. */
function textOf({ kind, plain, params, results }: TypeDefinition): string | null {
  if (kind !== 'func' || !plain) return null;
  const text = `${params.join()}:${results.join()}`;
  return /[( ]\d/.test(text) ? null : text;
}

/** V8 has one list of types for all modules of the OS process. */
export const knownTypes = new KnownTypes();
