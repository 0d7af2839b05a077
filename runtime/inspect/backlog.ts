import type { WebSocket } from 'ws';

/** Bytes that may wait until a client reads them, and until all clients of a server do. */
const MOST_OF_ONE = 64 * 2 ** 20;
const MOST_OF_ALL = 128 * 2 ** 20;

/**
 * What is to be sent to the clients of a server and has not been read. A client that does not read its part is disconnected: its
 * share of the memory is wanted for others, and the program must not wait for it.
 */
export class Backlog {
  readonly #sockets = new Set<WebSocket>();
  readonly #onDisconnect: (unread: number) => void;

  /** @param onDisconnect called with the bytes that a client has not read when it is disconnected for that */
  constructor(onDisconnect: (unread: number) => void) {
    this.#onDisconnect = onDisconnect;
  }

  add(socket: WebSocket): void {
    this.#sockets.add(socket);
  }

  remove(socket: WebSocket): void {
    this.#sockets.delete(socket);
  }

  /** Must be called before anything is sent. Disconnects clients until there is room. They would not read the reason either. */
  makeRoom(): void {
    for (;;) {
      let all = 0;
      let most = 0;
      let slowest: WebSocket | null = null;
      for (const socket of this.#sockets) {
        const { bufferedAmount } = socket;
        all += bufferedAmount;
        if (bufferedAmount <= most) continue;
        most = bufferedAmount;
        slowest = socket;
      }
      if (slowest === null || (most <= MOST_OF_ONE && all <= MOST_OF_ALL)) return;
      this.#sockets.delete(slowest);
      slowest.terminate();
      this.#onDisconnect(most);
    }
  }
}
