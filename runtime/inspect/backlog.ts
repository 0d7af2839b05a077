import type { WebSocket } from 'ws';
import { MAX_UNREAD, type Outbox } from './outbox.ts';

/** Bytes that may wait until a client reads them, and until all clients of a server do. */
const MOST_OF_ONE = 64 * 2 ** 20;
const MOST_OF_ALL = 128 * 2 ** 20;
/** Milliseconds for which a client may read nothing though much waits, and between two looks at that. */
const PATIENCE = 60_000;
const CHECK_INTERVAL = 10_000;

/**
 * What is to be sent to the clients of a server and has not been read. A client that does not read its part is disconnected: its
 * share of the memory is wanted for others, and the program must not wait for it.
 */
export class Backlog {
  readonly #outboxes = new Map<Pick<WebSocket, 'terminate'>, Pick<Outbox, 'unread' | 'readAt'>>();
  readonly #onDisconnect: (unread: number) => void;
  #timer: NodeJS.Timeout | null = null;

  /** @param onDisconnect called with the bytes that a client has not read when it is disconnected for that */
  constructor(onDisconnect: (unread: number) => void) {
    this.#onDisconnect = onDisconnect;
  }

  add(socket: Pick<WebSocket, 'terminate'>, outbox: Pick<Outbox, 'unread' | 'readAt'>): void {
    this.#outboxes.set(socket, outbox);
    this.#timer ??= setInterval(this.#giveUp, CHECK_INTERVAL).unref();
  }

  remove(socket: Pick<WebSocket, 'terminate'>): void {
    this.#outboxes.delete(socket);
    if (this.#outboxes.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Must be called before anything is sent. Disconnects clients until there is room. They would not read the reason either. */
  makeRoom(): void {
    for (;;) {
      let all = 0;
      let most = 0;
      let slowest: Pick<WebSocket, 'terminate'> | null = null;
      for (const [socket, { unread }] of this.#outboxes) {
        all += unread;
        if (unread <= most) continue;
        most = unread;
        slowest = socket;
      }
      if (slowest === null || (most <= MOST_OF_ONE && all <= MOST_OF_ALL)) return;
      this.#disconnect(slowest, most);
    }
  }

  /** Disconnects clients that have stopped reading. */
  readonly #giveUp = (): void => {
    const now = performance.now();
    for (const [socket, { unread, readAt }] of [...this.#outboxes])
      if (unread > MAX_UNREAD && now - readAt > PATIENCE) this.#disconnect(socket, unread);
  };

  #disconnect(socket: Pick<WebSocket, 'terminate'>, unread: number): void {
    this.remove(socket);
    socket.terminate();
    this.#onDisconnect(unread);
  }
}
