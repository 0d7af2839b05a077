import { opcodeOf } from './mnemonics.ts';
import type { Atom, List, Node, Syntax } from './syntax.ts';
import { textOf } from './syntax.ts';

/** An instruction in a text, in the place that it has in the binary. */
export interface PlacedInstruction {
  /** The word that it begins with; `end` and `else` also where parentheses stand for them. */
  readonly mnemonic: string;
  /** Its word and immediates. A folded one's operands may stand between its immediates and its end, and do not belong to it. */
  readonly start: number;
  readonly end: number;
}

/** The lists that are immediates of an instruction, or belong to the head of a function. */
const IMMEDIATES: ReadonlySet<string> = new Set(
  'type param result local ref import export catch catch_ref catch_all catch_all_ref'.split(' '),
);

/** Words that no instruction begins with, and that stand behind some. */
const HEAP_TYPES = 'func nofunc extern noextern any eq i31 struct array none exn noexn';
const SHAPES = 'i8x16 i16x8 i32x4 i64x2 f32x4 f64x2';
const TYPES =
  'i32 i64 f32 f64 v128 funcref externref anyref eqref i31ref structref arrayref nullref nullfuncref nullexternref exnref nullexnref';
const IMMEDIATE_WORDS: ReadonlySet<string> = new Set(`${HEAP_TYPES} ${SHAPES} ${TYPES}`.split(' '));

/**
 * Reads the body of a function as the binary has it: operands of folded instructions before these, blocks with their ends. Takes
 * time by the length of the text, however deep it nests.
 * @param list a `(func ...)`
 */
export function instructionsOf(syntax: Syntax, list: List): PlacedInstruction[] {
  const reader = new OrderReader(syntax);
  reader.read(list.items, 1);
  // The last `end` is the parenthesis of the function.
  reader.found.push(closing(list));
  return reader.found;
}

/** What is still to do, the next thing last: reading a part of some items, or writing an instruction. */
type Task =
  | { readonly items: readonly Node[]; readonly from: number; readonly to: number }
  | PlacedInstruction;

class OrderReader {
  readonly found: PlacedInstruction[] = [];
  readonly #syntax: Syntax;
  readonly #tasks: Task[] = [];

  constructor(syntax: Syntax) {
    this.#syntax = syntax;
  }

  read(items: readonly Node[], from: number): void {
    const tasks = this.#tasks;
    tasks.push({ items, from, to: items.length });
    for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
      if ('mnemonic' in task) this.found.push(task);
      else this.#sequence(task.items, task.from, task.to);
    }
  }

  /** Reads plain instructions up to the first folded one, which becomes tasks. */
  #sequence(items: readonly Node[], from: number, to: number): void {
    for (let i = from; i < to; ) {
      const item = items[i];
      if (item === undefined) return;
      if (item.kind === 'list') {
        i++;
        if (IMMEDIATES.has(item.head)) continue;
        this.#tasks.push({ items, from: i, to });
        this.#folded(item);
        return;
      }
      const next = item.kind === 'keyword' ? this.#immediatesEnd(items, i + 1, to) : i + 1;
      if (item.kind === 'keyword') this.#plain(item, items[next - 1] ?? item);
      i = next;
    }
  }

  #plain(word: Atom, last: Node): void {
    const mnemonic = textOf(this.#syntax, word);
    // An `else` that nothing follows is left out by the assembler.
    if (mnemonic === 'end' && this.found.at(-1)?.mnemonic === 'else') this.found.pop();
    this.found.push({ mnemonic, start: word.start, end: last.end });
  }

  /** The index of the first item that is no immediate of the instruction before it. */
  #immediatesEnd(items: readonly Node[], from: number, to: number): number {
    let i = from;
    for (; i < to; i++) {
      const item = items[i];
      if (item === undefined || !this.#isImmediate(item)) break;
    }
    return i;
  }

  #isImmediate(item: Node): boolean {
    if (item.kind === 'list') return IMMEDIATES.has(item.head);
    if (item.kind !== 'keyword') return true;
    const word = textOf(this.#syntax, item);
    return word.includes('=') || IMMEDIATE_WORDS.has(word);
  }

  #folded(list: List): void {
    const { items, head } = list;
    const [word] = items;
    if (word === undefined || word.kind !== 'keyword' || opcodeOf(head) === undefined) return;
    const from = this.#immediatesEnd(items, 1, items.length);
    const instruction = { mnemonic: head, start: word.start, end: items[from - 1]?.end ?? word.end };
    switch (head) {
      case 'block':
      case 'loop':
      case 'try_table':
        this.#later([instruction, { items, from, to: items.length }, closing(list)]);
        return;
      case 'if':
        this.#foldedIf(list, from, instruction);
        return;
      case 'try':
        this.#foldedTry(list, from, instruction);
        return;
      default:
        this.#later([{ items, from, to: items.length }, instruction]);
    }
  }

  #foldedIf(list: List, from: number, instruction: PlacedInstruction): void {
    const { items } = list;
    const then = items.findIndex((item) => item.kind === 'list' && item.head === 'then');
    const tasks: Task[] = [{ items, from, to: then < 0 ? items.length : then }, instruction];
    if (then >= 0) {
      for (const arm of items.slice(then)) {
        if (arm.kind !== 'list' || arm.items.length <= 1) continue;
        if (arm.head === 'else') tasks.push(opening(arm));
        tasks.push({ items: arm.items, from: 1, to: arm.items.length });
      }
    }
    this.#later([...tasks, closing(list)]);
  }

  /** A `try` of the older exceptions. */
  #foldedTry(list: List, from: number, instruction: PlacedInstruction): void {
    const tasks: Task[] = [instruction];
    let last = closing(list);
    for (const part of list.items.slice(from)) {
      if (part.kind !== 'list') continue;
      if (part.head === 'delegate') {
        last = { ...opening(part), end: part.items.at(-1)?.end ?? part.end };
        continue;
      }
      const isCatch = part.head === 'catch' || part.head === 'catch_all';
      const bodyFrom = isCatch ? this.#immediatesEnd(part.items, 1, part.items.length) : 1;
      if (isCatch) tasks.push({ ...opening(part), end: part.items[bodyFrom - 1]?.end ?? part.end });
      tasks.push({ items: part.items, from: bodyFrom, to: part.items.length });
    }
    this.#later([...tasks, last]);
  }

  /** There may be more than a call can have arguments. */
  #later(tasks: readonly Task[]): void {
    for (const task of tasks.toReversed()) this.#tasks.push(task);
  }
}

/** The word that a list begins with. */
function opening({ head, items, start }: List): PlacedInstruction {
  return { mnemonic: head, start: items[0]?.start ?? start, end: items[0]?.end ?? start };
}

/** The parenthesis at the end of a list, as the `end` that it stands for. */
function closing({ end }: List): PlacedInstruction {
  return { mnemonic: 'end', start: end - 1, end };
}
