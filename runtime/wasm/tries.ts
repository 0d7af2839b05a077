import { IntList } from './int-list.ts';

/** What is known of a `try` or `try_table`; a bit set. */
export const TryFlag = {
  /** It catches every exception. */
  all: 1,
  /** It catches those with some tag. */
  some: 2,
  /** An exception in it may leave the function although it is caught: it is delegated, or branches to the function's own label. */
  leaves: 4,
} as const;

/** Notes what the blocks that catch exceptions do, counted over the module in the order in which they open. */
export class Tries {
  readonly flags = new IntList();
  /** Of the `try` blocks that are open: which they are, and how many blocks were open around each. */
  readonly #open = new IntList();
  readonly #depths = new IntList();

  get count(): number {
    return this.flags.length;
  }

  /** Called where a `try_table` begins. */
  add(flags: number): void {
    this.flags.push(flags);
  }

  /** Called where a `try` begins. @param depth how many blocks are open around it */
  open(depth: number): void {
    this.#open.push(this.count);
    this.#depths.push(depth);
    this.flags.push(0);
  }

  /** Called at what the innermost block does with exceptions, if it is a `try`. */
  flag(depth: number, flag: number): void {
    if (!this.#isOpen(depth)) return;
    const innermost = this.#open.at(this.#open.length - 1);
    this.flags.values[innermost] = this.flags.at(innermost) | flag;
  }

  /** Called where a block ends. */
  close(depth: number): void {
    if (!this.#isOpen(depth)) return;
    this.#open.length--;
    this.#depths.length--;
  }

  #isOpen(depth: number): boolean {
    const last = this.#depths.length - 1;
    return last >= 0 && this.#depths.at(last) === depth;
  }
}
