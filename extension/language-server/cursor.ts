import {
  type Atom,
  type List,
  type NameSpace,
  type Node,
  namedBehind,
  opcodeOf,
} from '../../runtime/internal.ts';
import type { WatDocument } from './wat-document.ts';

/** The place in a text at which somebody types. */
export interface Cursor {
  readonly offset: number;
  /** The lists around it, the innermost last. */
  readonly lists: readonly List[];
  /** The word that is being typed. */
  readonly word: Atom | undefined;
  /** Where that begins. */
  readonly start: number;
  /** The items of the innermost list before the word. */
  readonly before: readonly Node[];
}

export function cursorAt(document: WatDocument, offset: number): Cursor {
  const path = document.pathAt(offset);
  const last = path.at(-1);
  const word = last !== undefined && last.kind !== 'list' && last.start < offset ? last : undefined;
  const lists = path.filter((node) => node.kind === 'list');
  const start = word?.start ?? offset;
  const items = lists.at(-1)?.items ?? document.syntax.roots;
  return { offset, lists, word, start, before: items.filter((item) => item.end <= start && item !== word) };
}

/** What the words around a cursor let stand there. */
export type Expected =
  | {
      readonly what: 'name';
      readonly space: NameSpace;
      /** The word that it stands behind, and what stands in between. */
      readonly instruction: string;
      readonly behind: readonly Atom[];
      /** Where the stack is as that instruction finds it; see `codeAt`. */
      readonly executed: number;
    }
  | { readonly what: 'value type' | 'storage type' | 'heap type' }
  | { readonly what: 'field' | 'inside'; readonly head: string }
  | { readonly what: 'instruction' };

/** The space that the first index in a list names, by what the list begins with. */
const NAMED_IN: Readonly<Record<string, NameSpace>> = {
  type: 'type',
  start: 'function',
  func: 'function',
  table: 'table',
  memory: 'memory',
  global: 'global',
  tag: 'tag',
  elem: 'function',
};

/** Lists of types. */
const OF_TYPES: Readonly<Record<string, 'value type' | 'storage type' | 'heap type'>> = {
  param: 'value type',
  result: 'value type',
  local: 'value type',
  mut: 'storage type',
  field: 'storage type',
  array: 'storage type',
  ref: 'heap type',
};

/** Lists that have neither instructions nor types in them, and what may stand in these. */
const INSIDE: Readonly<Record<string, string>> = {
  import: 'func table memory global tag',
  export: 'func table memory global tag',
  rec: 'type',
  type: 'func struct array sub',
  sub: 'func struct array',
  struct: 'field',
};

/** Tells what may stand at a cursor. */
export function expectedAt(document: WatDocument, cursor: Cursor): Expected {
  const { lists, before } = cursor;
  const list = lists.at(-1);
  const around = lists.at(-2);
  // The first word of a list says what it is.
  if (list !== undefined && before.length === 0 && document.text[list.start] === '(') return headIn(around);
  if (list === undefined || list.head === 'module') return { what: 'field', head: '' };
  const types = OF_TYPES[list.head];
  if (types !== undefined) return { what: types };
  const behind = document.textOf(before[0] ?? list);
  const named = nameBehind(document, list, before);
  if (named !== undefined) return named;
  const isInField = around?.head === 'export' || !['module', undefined].includes(around?.head);
  const space = NAMED_IN[list.head];
  if (
    space !== undefined &&
    (isInField || list.head === 'start' || list.head === 'elem') &&
    !isDeclared(list, around)
  )
    return { what: 'name', space, instruction: behind, behind: [], executed: list.start };
  if (list.head === 'global' || list.head === 'table') return { what: 'value type' };
  if (INSIDE[list.head] !== undefined) return { what: 'inside', head: INSIDE[list.head] ?? '' };
  return { what: 'instruction' };
}

/** Whether a list declares something, so that its first word is a new name. */
function isDeclared(list: List, around: List | undefined): boolean {
  return (
    list.head !== 'start' &&
    list.head !== 'elem' &&
    ['module', 'import', 'rec', undefined].includes(around?.head)
  );
}

function headIn(around: List | undefined): Expected {
  if (around === undefined || around.head === 'module') return { what: 'field', head: '' };
  const inside = INSIDE[around.head];
  return inside === undefined ? { what: 'instruction' } : { what: 'inside', head: inside };
}

/** What the next word names behind an instruction and some of its immediates. */
function nameBehind(document: WatDocument, list: List, before: readonly Node[]): Expected | undefined {
  const at = before.findLastIndex((item) => item.kind === 'keyword');
  const word = before[at];
  if (word === undefined) return undefined;
  const behind = before
    .slice(at + 1)
    .filter((item): item is Atom => item.kind === 'identifier' || item.kind === 'number');
  if (behind.length < before.length - at - 1) return undefined;
  const instruction = document.textOf(word);
  // In parentheses, the operands are executed before.
  const executed = at === 0 && document.text[list.start] === '(' ? list.end - 1 : word.start;
  if (/^catch(?:_ref)?$/.test(instruction) && behind.length < 2)
    return { what: 'name', space: behind.length === 0 ? 'tag' : 'label', instruction, behind, executed };
  if (/^catch_all/.test(instruction) && behind.length === 0)
    return { what: 'name', space: 'label', instruction, behind, executed };
  if (instruction === 'ref.null' && behind.length === 0) return { what: 'heap type' };
  const opcode = opcodeOf(instruction);
  const spaces = opcode === undefined ? [] : namedBehind(opcode);
  const space = spaces[behind.length] ?? (instruction === 'br_table' ? 'label' : undefined);
  return space && { what: 'name', space, instruction, behind, executed };
}
