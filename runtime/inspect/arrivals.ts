import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

/** Bytes of requests that have arrived in part and that are kept for all clients of a server. */
const MOST_OF_ALL = 64 * 2 ** 20;
/** The most that a frame without data, such as a ping, takes. */
const CONTROL_FRAME = 131;

/**
 * Requests that have begun to arrive. Each may be long, and is in memory until it is complete; many clients together could fill the
 * memory with them. The client whose request is longest is disconnected then.
 */
export class Arrivals {
  readonly #sizes = new Map<WebSocket, number>();
  #all = 0;

  /** @param raw what the client's bytes arrive on */
  watch(client: WebSocket, raw: Duplex): void {
    this.#sizes.set(client, 0);
    const change = (bytes: number) => {
      const size = this.#sizes.get(client);
      if (size === undefined) return;
      const next = Math.max(0, size + bytes);
      this.#all += next - size;
      this.#sizes.set(client, next);
    };
    const onData = ({ length }: Buffer) => {
      change(length);
      this.#makeRoom();
    };
    raw.on('data', onData);
    client.on('message', () => change(-(this.#sizes.get(client) ?? 0)));
    client.on('ping', () => change(-CONTROL_FRAME));
    client.on('pong', () => change(-CONTROL_FRAME));
    client.on('close', () => {
      raw.off('data', onData);
      this.#forget(client);
    });
  }

  #forget(client: WebSocket): void {
    this.#all -= this.#sizes.get(client) ?? 0;
    this.#sizes.delete(client);
  }

  #makeRoom(): void {
    while (this.#all > MOST_OF_ALL) {
      let longest: WebSocket | null = null;
      let most = 0;
      for (const [client, size] of this.#sizes) {
        if (size <= most) continue;
        most = size;
        longest = client;
      }
      if (longest === null) return;
      this.#forget(longest);
      longest.terminate();
    }
  }
}
