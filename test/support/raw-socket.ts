import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';

export interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

/** A WebSocket on which a test says what it likes. */
export class RawSocket {
  readonly socket: WebSocket;
  readonly answers = new Map<unknown, Answer>();
  /** Settles with the code with which the connection was closed. */
  readonly closed: Promise<number>;
  readonly #watchers = new Set<() => void>();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    // Also what is too large is answered by the end of the connection.
    socket.on('error', () => {});
    this.closed = new Promise((done) => {
      socket.on('close', (code) => done(code));
    });
    socket.on('message', (data) => {
      const message: Answer & { readonly id?: unknown } = JSON.parse(data.toString());
      if (message.id !== undefined) this.answers.set(message.id, message);
      for (const look of this.#watchers) look();
    });
  }

  static async open(url: string): Promise<RawSocket> {
    const raw = new RawSocket(new WebSocket(url));
    await once(raw.socket, 'open');
    return raw;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** The answer to a request. Rejects where the connection closes first. */
  answer(id: number | string): Promise<Answer> {
    return new Promise((done, fail) => {
      const look = () => {
        const found = this.answers.get(id);
        if (found === undefined) return;
        this.#watchers.delete(look);
        done(found);
      };
      this.#watchers.add(look);
      this.closed.then((code) => fail(new Error(`closed with ${code}`)));
      look();
    });
  }

  async initialize(): Promise<void> {
    this.send({
      jsonrpc: '2.0',
      id: 'first',
      method: 'initialize',
      params: { version: '2.0', client: 'raw' },
    });
    await this.answer('first');
  }
}

/** Sends a text to where a URL leads, and resolves with what comes until the other side closes. */
export async function exchange(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket: Socket = connect(Number(port), hostname.replace(/^\[(.*)\]$/, '$1'));
  let answer = '';
  socket.on('data', (data) => {
    answer += data.toString();
  });
  socket.end(text);
  await once(socket, 'close');
  return answer;
}
