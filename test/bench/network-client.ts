/**
 * Clients of the echo servers that `network.ts` measures, in a Node of their own. Told what to do by messages:
 *
 *     {port, connections}          opens so many connections, answers `{open}` with how many there are now
 *     {size, milliseconds}         each connection sends a message of that size and waits for it, again and again;
 *                                  answers `{nanoseconds, count, answered}`
 *     {close: true}                closes them all, answers `{open: 0}`
 */
import { createConnection, type Socket } from 'node:net';

export interface Order {
  readonly port?: number;
  readonly connections?: number;
  readonly size?: number;
  readonly milliseconds?: number;
  readonly close?: true;
}

export interface Answer {
  readonly open: number;
  /** Messages that came back, and connections that had at least one. */
  readonly count: number;
  readonly answered: number;
  readonly nanoseconds: number;
  readonly error?: string;
}

/** Connections opened at the same time. */
const AT_ONCE = 64;

class Client {
  readonly #socket: Socket;
  #message: Buffer = Buffer.alloc(0);
  #received = 0;
  #running = false;
  #stopped: (() => void) | null = null;
  count = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  static open(port: number): Promise<Client> {
    return new Promise((opened, failed) => {
      let client: Client | undefined;
      const socket = createConnection({
        port,
        host: '127.0.0.1',
        noDelay: true,
        onread: {
          // Its own thread takes one at a time.
          buffer: shared,
          callback: (size) => client?.receive(size) ?? true,
        },
      });
      socket.once('error', failed);
      socket.once('connect', () => {
        client = new Client(socket);
        opened(client);
      });
    });
  }

  start(message: Buffer): void {
    this.#message = message;
    this.#running = true;
    this.#socket.write(message);
  }

  /** Waits for the answer to the last message. */
  stop(): Promise<void> {
    this.#running = false;
    return new Promise((stopped) => {
      this.#stopped = stopped;
    });
  }

  receive(size: number): boolean {
    const message = this.#message;
    const at = this.#received;
    if (shared.compare(message, at, at + size, 0, size) !== 0)
      throw new Error('the echo is not what was sent');
    this.#received += size;
    if (this.#received < message.length) return true;
    this.#received = 0;
    this.count++;
    if (this.#running) this.#socket.write(message);
    else this.#stopped?.();
    return true;
  }

  close(): void {
    this.#socket.resetAndDestroy();
  }
}

const shared = Buffer.alloc(2 ** 16);
let clients: Client[] = [];

async function obey(order: Order): Promise<Partial<Answer>> {
  if (order.port !== undefined) {
    for (let left = order.connections ?? 0; left > 0; left -= AT_ONCE) {
      const opened = Array.from({ length: Math.min(left, AT_ONCE) }, () => Client.open(order.port ?? 0));
      clients.push(...(await Promise.all(opened)));
    }
  } else if (order.close) {
    for (const client of clients) client.close();
    clients = [];
  } else {
    const message = Buffer.from(Array.from({ length: order.size ?? 1 }, (_, i) => i * 7));
    const begin = process.hrtime.bigint();
    for (const client of clients) {
      client.count = 0;
      client.start(message);
    }
    await new Promise((passed) => setTimeout(passed, order.milliseconds));
    await Promise.all(clients.map((client) => client.stop()));
    const nanoseconds = Number(process.hrtime.bigint() - begin);
    const count = clients.reduce((sum, client) => sum + client.count, 0);
    return { nanoseconds, count, answered: clients.filter((client) => client.count > 0).length };
  }
  return { open: clients.length };
}

if (process.send !== undefined) {
  process.on('message', (order: Order) => {
    obey(order).then(
      (answer) => process.send?.(answer),
      (error: Error) => process.send?.({ error: error.message }),
    );
  });
}
