import type { SendHandle } from 'node:child_process';
import type { SchedulerIndex } from './peers.ts';

/** The scheduler that has a channel to each other one. */
const FIRST: SchedulerIndex = 0;

/** A handle of Node's, of a TCP or UDP socket. As long as it is open here, the socket is open for the peer. */
interface NativeHandle {
  close(): void;
}

/**
 * An IPC channel of Node's: a `ChildProcess` that was forked, or `process` in it. `send` calls back with an error, or not at all
 * if the channel closes before.
 */
export interface IpcChannel {
  send?(
    message: object,
    handle: SendHandle | undefined,
    options: object,
    callback: (error: Error | null) => void,
  ): boolean;
  on(event: 'message', listener: (message: unknown, handle: unknown) => void): unknown;
}

/** What is said about handles over IPC channels. Others may use these for messages without the `socketHandle`. */
interface HandleMessage {
  /** The number of the handle, by its sender. */
  readonly socketHandle: number;
  /**
   * `handle` brings it. `sent` comes after that, also if it could not be sent: Node loses a handle silently if the receiver has no
   * descriptors left. `arrived` goes back to whoever passed it on.
   */
  readonly what: 'handle' | 'sent' | 'arrived';
  readonly from: SchedulerIndex;
  readonly to: SchedulerIndex;
}

/**
 * Passes the handles of sockets to other schedulers. Node can do so only over the IPC channels between scheduler 0 and each
 * other one, and so scheduler 0 passes on what others send each other.
 */
export class HandlePassing {
  readonly #own: SchedulerIndex;
  readonly #channels = new Map<SchedulerIndex, IpcChannel>();
  /** Handles that have come and were not taken, null for lost ones, by sender and number. */
  readonly #arrived = new Map<string, object | null>();
  /** Handles that have come, and not yet what is said after them, by the same. */
  readonly #came = new Set<string>();
  /** Those who wait for handles that have not come, by the same. */
  readonly #awaited = new Map<string, (handle: object | null) => void>();
  /** Schedulers that have ended. Scheduler 0 may still pass on what they have sent. */
  readonly #ended = new Set<SchedulerIndex>();
  /** Handles passed on, open until they have arrived, by sender and number. */
  readonly #passing = new Map<string, { readonly to: SchedulerIndex; readonly handle: NativeHandle }>();

  /** @param own the index of this scheduler */
  constructor(own: SchedulerIndex) {
    this.#own = own;
  }

  /** Adds the channel to a scheduler: on scheduler 0 that to each other one, on each other one that to scheduler 0. */
  connect(peer: SchedulerIndex, channel: IpcChannel): void {
    this.#channels.set(peer, channel);
    channel.on('message', (message, handle) => {
      if (isHandleMessage(message)) this.#receive(peer, message, handle);
      // What comes without its message is of no use, but open.
      else if (isHandle(handle) && isObject(message) && 'socketHandle' in message) handle.close();
    });
  }

  /** A scheduler has ended: nothing comes from it any more, and nothing can be sent to it. */
  disconnect(peer: SchedulerIndex): void {
    this.#channels.delete(peer);
    this.#ended.add(peer);
    for (const [key, handle] of this.#arrived) {
      if (!isFrom(key, peer)) continue;
      this.#arrived.delete(key);
      if (isHandle(handle)) handle.close();
    }
    for (const [key, resolve] of this.#awaited) {
      if (!isFrom(key, peer)) continue;
      this.#awaited.delete(key);
      resolve(null);
    }
    for (const [key, { to, handle }] of this.#passing) {
      if (to !== peer) continue;
      this.#passing.delete(key);
      handle.close();
    }
  }

  /** Whether handles can be sent to a scheduler. */
  reaches(peer: SchedulerIndex): boolean {
    return this.#channelTo(peer)?.send !== undefined;
  }

  /**
   * Sends a handle, which stays open here. Whether it has come the receiver knows.
   * @param number not used before by this scheduler
   */
  send(to: SchedulerIndex, number: number, handle: object): void {
    const message = { socketHandle: number, from: this.#own, to };
    this.#pass({ ...message, what: 'handle' }, handle);
    const channel = this.#channelTo(to);
    if (channel !== undefined) say(channel, { ...message, what: 'sent' });
  }

  /** Returns the handle of a number, which is the caller's then; null if it was lost. */
  take(from: SchedulerIndex, number: number): Promise<object | null> {
    const key = keyOf(from, number);
    const handle = this.#arrived.get(key);
    if (handle !== undefined) {
      this.#arrived.delete(key);
      return Promise.resolve(handle);
    }
    if (this.#ended.has(from)) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.#awaited.set(key, resolve);
    });
  }

  #channelTo(peer: SchedulerIndex): IpcChannel | undefined {
    return this.#channels.get(peer) ?? (this.#own === FIRST ? undefined : this.#channels.get(FIRST));
  }

  #pass(message: HandleMessage, handle: object): void {
    const channel = this.#channelTo(message.to);
    const lost = (error: Error | null): void => {
      if (error !== null) this.#closePassed(keyOf(message.from, message.socketHandle));
    };
    try {
      if (channel?.send === undefined) throw new Error(`there is no channel to scheduler ${message.to}`);
      channel.send(message, handle as SendHandle, {}, lost);
    } catch (error) {
      // Windows passes on no handles of UDP sockets.
      lost(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #closePassed(key: string): void {
    this.#passing.get(key)?.handle.close();
    this.#passing.delete(key);
  }

  #receive(peer: SchedulerIndex, message: HandleMessage, handle: unknown): void {
    const { what, to, socketHandle } = message;
    // Only scheduler 0 speaks for others.
    const from = this.#own === FIRST && (what === 'handle' || what === 'sent') ? peer : message.from;
    const key = keyOf(from, socketHandle);
    switch (what) {
      case 'handle':
        if (isHandle(handle)) this.#receiveHandle(peer, { ...message, from }, handle);
        break;
      case 'sent':
        if (to !== this.#own) this.#tell(to, { ...message, from });
        else if (!this.#ended.has(from) && !this.#came.delete(key)) this.#settle(key, null);
        break;
      case 'arrived':
        this.#closePassed(key);
        break;
    }
  }

  #receiveHandle(peer: SchedulerIndex, message: HandleMessage, handle: NativeHandle): void {
    const { from, to, socketHandle } = message;
    const key = keyOf(from, socketHandle);
    if (this.#ended.has(from)) {
      handle.close();
    } else if (to === this.#own) {
      this.#came.add(key);
      this.#tell(peer, { ...message, what: 'arrived' });
      this.#settle(key, handle);
    } else if (this.#own === FIRST) {
      this.#passing.set(key, { to, handle });
      this.#pass(message, handle);
    } else {
      handle.close();
    }
  }

  #settle(key: string, handle: object | null): void {
    const resolve = this.#awaited.get(key);
    this.#awaited.delete(key);
    if (resolve === undefined) this.#arrived.set(key, handle);
    else resolve(handle);
  }

  #tell(peer: SchedulerIndex, message: HandleMessage): void {
    const channel = this.#channels.get(peer);
    if (channel !== undefined) say(channel, message);
  }
}

/** Sends a message without a handle. What is not heard of it is heard of the end of the peer. */
function say(channel: IpcChannel, message: HandleMessage): void {
  channel.send?.(message, undefined, {}, () => {});
}

function keyOf(from: SchedulerIndex, number: number): string {
  return `${from}:${number}`;
}

function isFrom(key: string, peer: SchedulerIndex): boolean {
  return key.startsWith(`${peer}:`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isHandle(value: unknown): value is NativeHandle {
  return isObject(value) && typeof value['close'] === 'function';
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isHandleMessage(message: unknown): message is HandleMessage {
  if (!isObject(message)) return false;
  const { socketHandle, what, from, to } = message;
  const isKnown = what === 'handle' || what === 'sent' || what === 'arrived';
  return isKnown && isIndex(socketHandle) && isIndex(from) && isIndex(to);
}
