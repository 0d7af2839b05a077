import type { Duplex } from 'node:stream';

/**
 * The connections of a server that have not shown its token yet. There are only so many, and the oldest is closed for a new
 * one: those that only connect cannot keep anybody out, since whoever has the token shows it at once.
 */
export class Newcomers {
  readonly #connections = new Set<Duplex>();
  readonly #most: number;

  /** @param most how many there may be */
  constructor(most: number) {
    this.#most = most;
  }

  /** Must be called with each connection, in the order in which they come. */
  add(connection: Duplex): void {
    const [oldest] = this.#connections;
    if (oldest !== undefined && this.#connections.size >= this.#most) {
      this.#connections.delete(oldest);
      oldest.destroy();
    }
    this.#connections.add(connection);
    connection.once('close', () => this.#connections.delete(connection));
  }

  /** A connection has shown the token. */
  admit(connection: Duplex): void {
    this.#connections.delete(connection);
  }

  /** Closes all of them. */
  close(): void {
    for (const connection of this.#connections) connection.destroy();
  }
}
