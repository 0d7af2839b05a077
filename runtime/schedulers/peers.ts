/** A scheduler, by its index. Each is an OS process. */
export type SchedulerIndex = number;

/**
 * Answers requests of one kind.
 * @param peer who asks
 * @param body may be of anybody
 * @returns the answer. If it throws, the request fails at the peer
 */
export type RequestHandler = (peer: SchedulerIndex, body: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/** The other schedulers, as those see them who have something to ask. */
export interface Peers {
  /**
   * Asks a scheduler. Its handler is called for requests in the order in which they are made, but may answer them in any order.
   * @throws Error if the peer has ended, also while it is asked, or could not answer
   */
  request(peer: SchedulerIndex, kind: string, body: Uint8Array): Promise<Uint8Array>;
  /** Sets who answers requests of a kind. */
  answer(kind: string, handler: RequestHandler): void;
}
