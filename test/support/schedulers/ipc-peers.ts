import type { Peers, RequestHandler, SchedulerIndex } from '../../../runtime/schedulers/peers.ts';

/** What goes over an IPC channel besides handles. */
interface Frame {
  readonly frame: 'request' | 'answer' | 'failure';
  readonly from: SchedulerIndex;
  readonly to: SchedulerIndex;
  readonly number: number;
  readonly kind: string;
  readonly body: Uint8Array;
}

/** An IPC channel with V8's serialization. */
interface Channel {
  send?(message: object, handle?: undefined, options?: object, callback?: () => void): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

interface Pending {
  readonly to: SchedulerIndex;
  readonly resolve: (body: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

/** Requests between OS processes over IPC channels. Scheduler 0 has one to each other one, and passes on what these say to each other. */
export class IpcPeers implements Peers {
  readonly #own: SchedulerIndex;
  readonly #channels = new Map<SchedulerIndex, Channel>();
  readonly #handlers = new Map<string, RequestHandler>();
  readonly #pending = new Map<number, Pending>();
  readonly #ended = new Set<SchedulerIndex>();
  #last = 0;

  constructor(own: SchedulerIndex) {
    this.#own = own;
  }

  connect(peer: SchedulerIndex, channel: Channel): void {
    this.#channels.set(peer, channel);
    channel.on('message', (message) => {
      if (typeof message === 'object' && message !== null && 'frame' in message)
        this.#receive(message as Frame);
    });
  }

  /** Fails all that the peer was asked. */
  disconnect(peer: SchedulerIndex): void {
    this.#ended.add(peer);
    this.#channels.delete(peer);
    for (const [number, { to, reject }] of this.#pending) {
      if (to !== peer) continue;
      this.#pending.delete(number);
      reject(new Error(`scheduler ${peer} has ended`));
    }
  }

  request(peer: SchedulerIndex, kind: string, body: Uint8Array): Promise<Uint8Array> {
    if (this.#ended.has(peer)) return Promise.reject(new Error(`scheduler ${peer} has ended`));
    return new Promise((resolve, reject) => {
      const number = ++this.#last;
      this.#pending.set(number, { to: peer, resolve, reject });
      this.#send({ frame: 'request', from: this.#own, to: peer, number, kind, body });
    });
  }

  answer(kind: string, handler: RequestHandler): void {
    this.#handlers.set(kind, handler);
  }

  #send(frame: Frame): void {
    const channel = this.#channels.get(frame.to) ?? this.#channels.get(0);
    channel?.send?.(frame, undefined, {}, () => {});
  }

  #receive(frame: Frame): void {
    const { to, from, number, kind, body } = frame;
    if (to !== this.#own) {
      this.#send(frame);
    } else if (frame.frame === 'request') {
      const answer = { from: this.#own, to: from, number, kind };
      const handle = async () => {
        const handler = this.#handlers.get(kind);
        if (handler === undefined) throw new Error(`nobody answers ${kind}`);
        return handler(from, body);
      };
      handle().then(
        (result) => this.#send({ ...answer, frame: 'answer', body: result }),
        (error) => this.#send({ ...answer, frame: 'failure', body: Buffer.from(String(error)) }),
      );
    } else {
      const pending = this.#pending.get(number);
      this.#pending.delete(number);
      if (frame.frame === 'answer') pending?.resolve(body);
      else pending?.reject(new Error(Buffer.from(body).toString()));
    }
  }
}
