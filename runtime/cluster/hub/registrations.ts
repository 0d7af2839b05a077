import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Registrations that are kept at most. */
const MOST = 2 ** 14;
const TOKEN_SIZE = 32;

/** A node that may use the control server. */
export interface Registration {
  readonly id: number;
  /** A UUID. */
  readonly name: string;
  /** The SHA-256 hash of its token. */
  readonly tokenHash: Uint8Array;
  /** Whether a node of it runs, which keeps it from being forgotten. */
  isUsed: boolean;
}

/** Who may use the control server (abi 17.4). */
export class Registrations {
  readonly #byName = new Map<string, Registration>();
  #count = 0;

  /**
   * Adds one, and forgets an unused one if there are too many.
   * @returns it and its token; null if the name is taken, or there are too many in use
   */
  add(name: string): { readonly registration: Registration; readonly token: string } | null {
    if (this.#byName.has(name)) return null;
    if (this.#byName.size >= MOST) {
      const unused = [...this.#byName.values()].find(({ isUsed }) => !isUsed);
      if (unused === undefined) return null;
      this.#byName.delete(unused.name);
    }
    const token = randomBytes(TOKEN_SIZE).toString('base64url');
    const registration = { id: ++this.#count, name, tokenHash: hashOf(token), isUsed: false };
    this.#byName.set(name, registration);
    return { registration, token };
  }

  /** The one of this name, if that is its token. */
  find(name: string | undefined, token: string | null): Registration | null {
    const registration = this.#byName.get(name ?? '');
    if (registration === undefined || token === null) return null;
    return isToken(token, registration.tokenHash) ? registration : null;
  }
}

/** The SHA-256 hash of a token. */
export function hashOf(token: string): Uint8Array {
  return createHash('sha256').update(token).digest();
}

/** Whether a token has this hash. How long that takes tells nothing. */
export function isToken(token: string, hash: Uint8Array): boolean {
  return timingSafeEqual(hashOf(token), hash);
}
