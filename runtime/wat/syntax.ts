import { type TextFault, TokenKind, TokenReader } from './tokens.ts';

/** A word of the text. Offsets count UTF-16 code units. */
export interface Atom {
  readonly kind: 'keyword' | 'identifier' | 'string' | 'number' | 'reserved';
  readonly start: number;
  readonly end: number;
}

/** What stands in parentheses, these included. */
export interface List {
  readonly kind: 'list';
  readonly start: number;
  readonly end: number;
  /** The keyword that it begins with, or the `@name` of an annotation; empty if it begins with something else. */
  readonly head: string;
  /** Words and lists in it, its first keyword among them. */
  readonly items: readonly Node[];
}

export type Node = Atom | List;

/**
 * The structure of a text, whatever is wrong with it. Comments and annotations are not among the nodes. It stays as it is unless
 * `editSyntax` is called.
 */
export interface Syntax {
  readonly source: string;
  /** What stands in no parentheses; most often it is one list, the module. */
  readonly roots: readonly Node[];
  readonly comments: readonly { readonly start: number; readonly end: number }[];
  readonly annotations: readonly List[];
  /** By their start. */
  readonly faults: readonly TextFault[];
}

/** A syntax as it is read and edited. */
export interface OpenSyntax extends Syntax {
  source: string;
  readonly roots: OpenNode[];
  readonly comments: { start: number; end: number }[];
  readonly annotations: OpenList[];
  readonly faults: OpenFault[];
  /** Where lists were ended that are not closed (1 for each), and parentheses close nothing (-1). In the order of the text. */
  readonly imbalances: Imbalance[];
  /** How many lists are open where the text ends. */
  unclosed: number;
  /** Whether all lists are closed, though fields at the start of a line stand in others. */
  isStrict: boolean;
}

export interface OpenAtom {
  readonly kind: Atom['kind'];
  start: number;
  end: number;
}

export interface OpenList {
  readonly kind: 'list';
  start: number;
  end: number;
  head: string;
  readonly items: OpenNode[];
  /** How far from the start of its line it begins, if only blanks stand before it; otherwise infinity. */
  indent: number;
  /** Whether its own parenthesis closes it. */
  isClosed: boolean;
}

export type OpenNode = OpenAtom | OpenList;

interface OpenFault extends TextFault {
  start: number;
  end: number;
}

interface Imbalance {
  at: number;
  readonly by: number;
}

/**
 * Reads the words and parentheses of a text. Never fails, and takes time by the length of the text, however deep it nests.
 *
 * Where a parenthesis is missing, a field of the module that begins at the column of one before it, or left of that, ends the one
 * before. So a mistake in one function leaves the others as they are.
 */
export function readSyntax(source: string): Syntax {
  return readOpenSyntax(source);
}

export function readOpenSyntax(source: string): OpenSyntax {
  const tolerant = new SyntaxReader(source, true);
  tolerant.read();
  const syntax = tolerant.result();
  if (!hidesBalance(syntax)) return syntax;
  const strict = new SyntaxReader(source, false);
  strict.read();
  return strict.result();
}

/** Whether a text was read as if parentheses were missing, though each has its own. */
export function hidesBalance({ imbalances, unclosed }: OpenSyntax): boolean {
  if (imbalances.length === 0 || unclosed > 0) return false;
  let depth = 0;
  for (const { by } of imbalances) depth = Math.max(0, depth + by);
  return depth === 0 && imbalances.some(({ by }) => by > 0);
}

/** The words of a node as they stand in the text. */
export function textOf(syntax: Syntax, node: Node): string {
  return syntax.source.slice(node.start, node.end);
}

/** The heads of fields. A list with one of these at the start of a line most likely is one. */
export const FIELDS: ReadonlySet<string> = new Set(
  'module type rec import func table memory global tag export start elem data'.split(' '),
);

const ATOM_KINDS: Atom['kind'][] = [];
ATOM_KINDS[TokenKind.keyword] = 'keyword';
ATOM_KINDS[TokenKind.identifier] = 'identifier';
ATOM_KINDS[TokenKind.string] = 'string';
ATOM_KINDS[TokenKind.number] = 'number';
ATOM_KINDS[TokenKind.reserved] = 'reserved';

export class SyntaxReader {
  readonly #tokens: TokenReader;
  readonly #recovers: boolean;
  readonly #roots: OpenNode[] = [];
  readonly #comments: { start: number; end: number }[] = [];
  readonly #annotations: OpenList[] = [];
  readonly #faults: OpenFault[] = [];
  readonly #imbalances: Imbalance[] = [];
  readonly #open: OpenList[] = [];
  /** Those of them that are fields at the start of a line, each further to the right than the one before. */
  readonly #openFields: OpenList[] = [];
  #openAnnotations = 0;
  #unclosed = 0;

  /**
   * @param recovers whether fields at the start of a line end those that are not closed
   * @param from where reading begins
   * @param module the list that is open there
   */
  constructor(source: string, recovers: boolean, from = 0, module?: OpenList) {
    this.#tokens = new TokenReader(source, from);
    this.#recovers = recovers;
    if (module !== undefined) this.#open.push(module);
  }

  /**
   * Reads to the end of the text, or to a list that is known already.
   * @param isKnown is asked at each list that begins in no other one, or in the module that was open at first
   */
  read(isKnown?: (start: number, module: OpenList | undefined) => boolean): void {
    const tokens = this.#tokens;
    const { source } = tokens;
    while (tokens.next()) {
      const { kind, start, end } = tokens;
      switch (kind) {
        case TokenKind.open:
          if (isKnown !== undefined && this.#open.length <= 1 && isKnown(start, this.#open[0])) return;
          this.#open.push(newList(start, end, '', indentAt(source, start)));
          break;
        case TokenKind.annotation:
          this.#annotation(start, end);
          break;
        case TokenKind.close:
          this.#close(start, end);
          break;
        case TokenKind.lineComment:
        case TokenKind.blockComment:
          this.#comments.push({ start, end });
          break;
        default:
          this.#atom({ kind: ATOM_KINDS[kind] ?? 'reserved', start, end });
      }
    }
    this.#unclosed = this.#open.length;
    while (this.#open.length > 0) this.#leave(source.length, true);
  }

  result(): OpenSyntax {
    const faults = [...this.#faults, ...this.#tokens.faults].sort((a, b) => a.start - b.start);
    return {
      source: this.#tokens.source,
      roots: this.#roots,
      comments: this.#comments,
      annotations: this.#annotations,
      faults,
      imbalances: this.#imbalances,
      unclosed: this.#unclosed,
      isStrict: !this.#recovers,
    };
  }

  #annotation(start: number, end: number): void {
    const head = this.#tokens.source.slice(start + 1, end);
    // Inside of an annotation anything may stand.
    if ((head === '@' || head === '@""') && this.#openAnnotations === 0)
      this.#faults.push({ start, end, message: 'an annotation needs a name' });
    this.#openAnnotations++;
    this.#open.push(newList(start, end, head, Number.POSITIVE_INFINITY));
  }

  #atom(atom: OpenAtom): void {
    const list = this.#open.at(-1);
    if (list === undefined) {
      this.#roots.push(atom);
      return;
    }
    if (list.items.length === 0 && list.head === '' && atom.kind === 'keyword') {
      list.head = this.#tokens.source.slice(atom.start, atom.end);
      if (this.#recovers && FIELDS.has(list.head)) this.#endFieldsBefore(list);
    }
    list.items.push(atom);
  }

  #close(start: number, end: number): void {
    if (this.#open.length > 0) this.#leave(end, false);
    else {
      this.#faults.push({ start, end, message: 'this parenthesis closes nothing' });
      this.#imbalances.push({ at: start, by: -1 });
    }
  }

  /** Ends the innermost list, and gives it to the one around it. */
  #leave(end: number, unclosed: boolean): OpenList | undefined {
    const list = this.#open.pop();
    if (list === undefined) return undefined;
    if (list === this.#openFields.at(-1)) this.#openFields.pop();
    list.end = end;
    list.isClosed = !unclosed;
    if (unclosed) this.#faults.push(unclosedFault(list));
    if (list.head.startsWith('@')) {
      this.#annotations.push(list);
      this.#openAnnotations--;
    } else (this.#open.at(-1)?.items ?? this.#roots).push(list);
    return list;
  }

  /** Ends the fields that a field at its place cannot stand in. */
  #endFieldsBefore(field: OpenList): void {
    if (field.indent === Number.POSITIVE_INFINITY) return;
    const first = this.#openFields.find((list) => list.indent >= field.indent);
    if (first !== undefined) {
      this.#open.pop();
      let left = 1;
      while (this.#leave(lastEnd(this.#open.at(-1)), true) !== first) left++;
      this.#imbalances.push({ at: field.start, by: left });
      this.#open.push(field);
    }
    if (field.head !== 'module') this.#openFields.push(field);
  }
}

function newList(start: number, end: number, head: string, indent: number): OpenList {
  return { kind: 'list', start, end, head, items: [], indent, isClosed: false };
}

/** What is told of a list that is not closed. */
function unclosedFault({ start }: OpenList): OpenFault {
  return { start, end: start + 1, message: UNCLOSED };
}

export const UNCLOSED = 'this parenthesis is not closed';

/** Where the last thing in a list ends. */
function lastEnd(list: OpenList | undefined): number {
  return list?.items.at(-1)?.end ?? list?.end ?? 0;
}

export function indentAt(source: string, offset: number): number {
  let at = offset;
  while (at > 0 && (source[at - 1] === ' ' || source[at - 1] === '\t')) at--;
  return at === 0 || source[at - 1] === '\n' || source[at - 1] === '\r'
    ? offset - at
    : Number.POSITIVE_INFINITY;
}
