import { identifierName } from '../literals.ts';
import { opcodeOf } from '../mnemonics.ts';
import { presentName } from '../older-names.ts';
import type { Atom, List, Node, Syntax } from '../syntax.ts';
import type { CodeObserver } from './code-observer.ts';
import type { InstructionChecker } from './instruction-checker.ts';
import { headOf, Items } from './items.ts';

/** Lists that belong to the instruction before them, and are none themselves. */
const IMMEDIATES: ReadonlySet<string> = new Set(
  'type param result ref catch catch_ref catch_all catch_all_ref'.split(' '),
);

/** A part of a list's items that is still to be read. */
interface Sequence {
  readonly list: List;
  readonly from: number;
  readonly to: number;
}

type Task = Sequence | (() => void);

/** Gives the instructions of a text to a checker, as the binary would have them. Takes as much of the stack however deep they nest. */
export class CodeWalker {
  readonly #syntax: Syntax;
  readonly #checker: InstructionChecker;
  readonly #observer: CodeObserver | undefined;
  /** What is still to do, the next thing last. */
  readonly #tasks: Task[] = [];

  constructor(syntax: Syntax, checker: InstructionChecker, observer: CodeObserver | undefined) {
    this.#syntax = syntax;
    this.#checker = checker;
    this.#observer = observer;
  }

  /** Walks the instructions of a list from an item on. */
  walk(list: List, from: number): void {
    this.walkPart(list, from, list.items.length);
  }

  walkPart(list: List, from: number, to: number): void {
    const tasks = this.#tasks;
    tasks.push({ list, from, to });
    for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
      if (typeof task === 'function') task();
      else this.#sequence(task);
    }
  }

  /** An instruction in parentheses, as the offset of a segment may be. */
  walkFolded(list: List): void {
    this.#folded(list);
    const tasks = this.#tasks;
    for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
      if (typeof task === 'function') task();
      else this.#sequence(task);
    }
  }

  #sequence({ list, from, to }: Sequence): void {
    const items = new Items(this.#syntax, list, from);
    while (items.at < to) {
      const { next } = items;
      if (next === undefined) return;
      items.take();
      if (next.kind === 'list') {
        this.#tasks.push({ list, from: items.at, to });
        this.#folded(next);
        return;
      }
      if (next.kind === 'keyword') this.#plain(next, items, to);
      else this.#checker.types.unexpected(next);
    }
  }

  /** An instruction without parentheses. */
  #plain(word: Atom, items: Items, to: number): void {
    const checker = this.#checker;
    const text = items.textOf(word);
    this.#observer?.before?.(word.end, checker);
    switch (text) {
      case 'end':
        this.#end(word, items);
        return;
      case 'else':
      case 'catch':
      case 'catch_all':
      case 'delegate':
        if (checker.stack.frame.folded)
          checker.scope.problems.syntax(word, `this ${text} belongs to nothing`);
        else this.#part(text, word, items);
        return;
    }
    const opcode = opcodeOf(text);
    if (opcode !== undefined) {
      this.#check(opcode, word, items);
      return;
    }
    this.#unknown(word);
    // What follows up to the next word are its immediates.
    while (
      items.at < to &&
      items.next?.kind !== 'keyword' &&
      (items.next?.kind !== 'list' || IMMEDIATES.has(items.next.head))
    )
      items.take();
  }

  #check(opcode: number, word: Atom, items: Items): void {
    this.#observer?.enter?.(word, opcode, this.#checker);
    this.#checker.check(opcode, word, items);
    this.#observer?.leave?.(word, opcode, this.#checker);
  }

  /** A word that ends a part of a block. */
  #part(text: string, word: Atom, items: Items): void {
    const checker = this.#checker;
    if (text === 'delegate') checker.delegate(word, items);
    else if (text !== 'else') checker.catch(word, items);
    else {
      this.#checkLabel(items);
      checker.else(word);
    }
  }

  #unknown(word: Atom): void {
    const { scope, stack } = this.#checker;
    const text = scope.textOf(word);
    const present = presentName(text);
    scope.problems.unknown(
      word,
      'instruction',
      present === undefined ? `there is no instruction ${text}` : `${text} is called ${present} now`,
    );
    stack.letAnything();
  }

  #end(word: Atom, items: Items): void {
    const checker = this.#checker;
    const { frame } = checker.stack;
    if (frame.folded) {
      checker.scope.problems.syntax(word, 'this end closes nothing');
      return;
    }
    this.#checkLabel(items);
    checker.end(word);
  }

  /** Takes the label that may stand behind `end` and `else`, and is that of the block. */
  #checkLabel(items: Items): void {
    const at = items.identifier();
    if (at === undefined) return;
    const { scope, stack } = this.#checker;
    const text = scope.textOf(at);
    if (stack.frame.label === identifierName(text)) scope.use(at, stack.frame.target);
    else
      scope.problems.syntax(
        at,
        `this is the end of ${stack.frame.label === undefined ? 'a block without a name' : `$${stack.frame.label}`}`,
      );
  }

  #folded(list: List): void {
    const [word] = list.items;
    const checker = this.#checker;
    if (word === undefined || word.kind !== 'keyword') {
      checker.scope.problems.syntax(headOf(list), 'an instruction is expected here');
      return;
    }
    switch (list.head) {
      case 'block':
      case 'loop':
      case 'try_table':
        this.#later([() => this.#block(list, word), () => this.#endFolded(list)]);
        return;
      case 'if':
        this.#foldedIf(list, word);
        return;
      case 'try':
        this.#foldedTry(list, word);
        return;
    }
    const opcode = opcodeOf(list.head);
    if (opcode === undefined || /^(?:end|else|catch|catch_all|delegate)$/.test(list.head)) {
      const isInstruction =
        opcode !== undefined ||
        !/^(?:then|param|result|local|type|export|import|item|offset)$/.test(list.head);
      if (opcode === undefined && isInstruction) this.#unknown(word);
      else checker.types.unexpected(list);
      return;
    }
    const from = operandsFrom(list);
    this.#later([
      { list, from, to: list.items.length },
      () => {
        const items = new Items(this.#syntax, list);
        this.#observer?.before?.(list.end, checker);
        this.#check(opcode, word, items);
        if (items.at < from) checker.types.unexpected(items.next);
      },
    ]);
    this.#checkOperands(list.items, from);
  }

  /** Operands in parentheses have parentheses, too. */
  #checkOperands(items: readonly Node[], from: number): void {
    for (let i = from; i < items.length; i++) {
      const item = items[i];
      if (item === undefined || item.kind === 'list') continue;
      this.#checker.types.unexpected(item);
      return;
    }
  }

  #block(list: List, word: Atom): void {
    const items = new Items(this.#syntax, list);
    this.#checker.openBlock(word, items, true);
    this.#tasks.push({ list, from: items.at, to: list.items.length });
  }

  #endFolded(list: List): void {
    const checker = this.#checker;
    this.endUnfolded();
    this.#observer?.before?.(list.end, checker);
    checker.end({ start: Math.max(list.start, list.end - 1), end: list.end });
  }

  #endArm(arm: List): void {
    this.endUnfolded();
    this.#observer?.before?.(arm.end, this.#checker);
  }

  /** Closes blocks that lack their `end`. */
  endUnfolded(): void {
    const checker = this.#checker;
    while (!checker.stack.frame.folded) {
      const { place, word } = checker.stack.frame;
      checker.scope.problems.syntax(place, `this ${word} has no end`);
      checker.stack.letAnything();
      checker.end(place);
    }
  }

  #foldedIf(list: List, word: Atom): void {
    const { items } = list;
    const checker = this.#checker;
    const head = operandsFrom(list);
    const at = items.findIndex((item) => item.kind === 'list' && item.head === 'then');
    const then = at < 0 ? items.length : at;
    this.#checkOperands(items.slice(0, then), head);
    const arms = items.slice(then);
    const [first, second, ...more] = arms;
    const tasks: Task[] = [
      { list, from: head, to: then },
      () => {
        const inside = new Items(this.#syntax, list);
        this.#observer?.before?.(first?.start ?? list.end, checker);
        checker.openBlock(word, inside, true);
        if (inside.at < head) checker.types.unexpected(inside.next);
        if (first === undefined) checker.scope.problems.syntax(word, '(then ...) is expected in a folded if');
      },
    ];
    if (first?.kind === 'list')
      tasks.push({ list: first, from: 1, to: first.items.length }, () => this.#endArm(first));
    if (second?.kind === 'list' && second.head === 'else')
      tasks.push(
        () => checker.else(headOf(second)),
        { list: second, from: 1, to: second.items.length },
        () => this.#endArm(second),
      );
    else if (second !== undefined) tasks.push(() => checker.types.unexpected(second));
    for (const node of more) tasks.push(() => checker.types.unexpected(node));
    this.#later([...tasks, () => this.#endFolded(list)]);
  }

  /** A `try` of the older exceptions. */
  #foldedTry(list: List, word: Atom): void {
    const checker = this.#checker;
    const tasks: Task[] = [];
    let isDelegated = false;
    const open = new Items(this.#syntax, list);
    tasks.push(() => checker.openBlock(word, open, true));
    for (const part of list.items.slice(1)) {
      if (part.kind !== 'list' || IMMEDIATES_OF_TRY.has(part.head)) continue;
      const [head] = part.items;
      if (part.head === 'do')
        tasks.push({ list: part, from: 1, to: part.items.length }, () => this.#endArm(part));
      else if ((part.head === 'catch' || part.head === 'catch_all') && head?.kind === 'keyword') {
        tasks.push(
          () => {
            const items = new Items(this.#syntax, part);
            checker.catch(head, items);
            this.#tasks.push({ list: part, from: items.at, to: part.items.length });
          },
          () => this.#endArm(part),
        );
      } else if (part.head === 'delegate' && head?.kind === 'keyword') {
        isDelegated = true;
        tasks.push(() => checker.delegate(head, new Items(this.#syntax, part)));
      } else tasks.push(() => checker.types.unexpected(part));
    }
    this.#later(isDelegated ? tasks : [...tasks, () => this.#endFolded(list)]);
  }

  /** There may be more than a call can have arguments. */
  #later(tasks: readonly Task[]): void {
    for (const task of tasks.toReversed()) this.#tasks.push(task);
  }
}

const IMMEDIATES_OF_TRY: ReadonlySet<string> = new Set(['type', 'param', 'result']);

/** The index of the first item of a folded instruction that is no immediate of it. */
function operandsFrom({ items }: List): number {
  let at = 1;
  for (; at < items.length; at++) {
    const item = items[at];
    if (item?.kind === 'list' && !IMMEDIATES.has(item.head)) break;
  }
  return at;
}
