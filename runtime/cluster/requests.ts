import type { NodeId } from './transport.ts';

/** Milliseconds after which an answer is not waited for (abi 16). */
const PATIENCE = 10_000;

interface Waiting<Answer> {
  readonly node: NodeId;
  readonly environment: number;
  readonly timer: NodeJS.Timeout;
  settle(answer: Answer | Error): void;
}

/** Questions to other nodes that have not been answered. */
export class Requests<Answer> {
  readonly #waiting = new Map<number, Waiting<Answer>>();
  #last = 0;

  /**
   * @param ask sends the question with its number
   * @returns the answer, or why there is none
   */
  make(node: NodeId, environment: number, ask: (number: number) => void): Promise<Answer | Error> {
    const number = ++this.#last;
    return new Promise((settle) => {
      const timer = setTimeout(() => {
        this.#settle(number, new Error(`node ${node} has not answered in ${PATIENCE / 1000} seconds`));
      }, PATIENCE);
      this.#waiting.set(number, { node, environment, timer, settle });
      ask(number);
    });
  }

  /** An answer has come. One that nobody waits for is dropped, as are those of others than were asked. */
  answer(node: NodeId, environment: number, number: number, answer: Answer): void {
    const waiting = this.#waiting.get(number);
    if (waiting?.node === node && waiting.environment === environment) this.#settle(number, answer);
  }

  /** What was said with a node is broken. Of what was asked, nobody knows whether it was done. */
  lose(node: NodeId, environment: number): void {
    for (const [number, waiting] of this.#waiting)
      if (waiting.node === node && waiting.environment === environment)
        this.#settle(number, new Error(`the connection to node ${node} was lost before it had answered`));
  }

  #settle(number: number, answer: Answer | Error): void {
    const waiting = this.#waiting.get(number);
    if (waiting === undefined) return;
    this.#waiting.delete(number);
    clearTimeout(waiting.timer);
    waiting.settle(answer);
  }
}
