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

/** The structure of a text, whatever is wrong with it. Comments and annotations are not among the nodes. */
export interface Syntax {
  readonly source: string;
  /** What stands in no parentheses; most often it is one list, the module. */
  readonly roots: readonly Node[];
  readonly comments: readonly { readonly start: number; readonly end: number }[];
  readonly annotations: readonly List[];
  /** By their start. */
  readonly faults: readonly TextFault[];
}

/**
 * Reads the words and parentheses of a text. Never fails, and takes time by the length of the text, however deep it nests.
 *
 * Where a parenthesis is missing, a field of the module that begins at the column of one before it, or left of that, ends the one
 * before. So a mistake in one function leaves the others as they are.
 */
export function readSyntax(source: string): Syntax {
  const strict = new SyntaxReader(source, false);
  if (strict.read()) return strict.result();
  const tolerant = new SyntaxReader(source, true);
  tolerant.read();
  return tolerant.result();
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

interface OpenList {
  readonly kind: 'list';
  readonly start: number;
  end: number;
  head: string;
  readonly items: Node[];
  /** How far from the start of its line it begins, if only blanks stand before it; otherwise infinity. */
  readonly indent: number;
}

class SyntaxReader {
  readonly #tokens: TokenReader;
  readonly #recovers: boolean;
  readonly #roots: Node[] = [];
  readonly #comments: { start: number; end: number }[] = [];
  readonly #annotations: OpenList[] = [];
  readonly #faults: TextFault[] = [];
  readonly #open: OpenList[] = [];
  /** Those of them that are fields at the start of a line, each further to the right than the one before. */
  readonly #openFields: OpenList[] = [];
  #openAnnotations = 0;

  constructor(source: string, recovers: boolean) {
    this.#tokens = new TokenReader(source);
    this.#recovers = recovers;
  }

  /** Returns whether every list is closed. */
  read(): boolean {
    const tokens = this.#tokens;
    const { source } = tokens;
    while (tokens.next()) {
      const { kind, start, end } = tokens;
      switch (kind) {
        case TokenKind.open:
          this.#open.push({ kind: 'list', start, end, head: '', items: [], indent: indentAt(source, start) });
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
    const whole = this.#open.length === 0;
    while (this.#open.length > 0) this.#leave(source.length, true);
    return whole;
  }

  result(): Syntax {
    const faults = [...this.#faults, ...this.#tokens.faults].sort((a, b) => a.start - b.start);
    return {
      source: this.#tokens.source,
      roots: this.#roots,
      comments: this.#comments,
      annotations: this.#annotations,
      faults,
    };
  }

  #annotation(start: number, end: number): void {
    const head = this.#tokens.source.slice(start + 1, end);
    // Inside of an annotation anything may stand.
    if ((head === '@' || head === '@""') && this.#openAnnotations === 0)
      this.#faults.push({ start, end, message: 'an annotation needs a name' });
    this.#openAnnotations++;
    this.#open.push({ kind: 'list', start, end, head, items: [], indent: Number.POSITIVE_INFINITY });
  }

  #atom(atom: Atom): void {
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
    else this.#faults.push({ start, end, message: 'this parenthesis closes nothing' });
  }

  /** Ends the innermost list, and gives it to the one around it. */
  #leave(end: number, unclosed: boolean): OpenList | undefined {
    const list = this.#open.pop();
    if (list === undefined) return undefined;
    if (list === this.#openFields.at(-1)) this.#openFields.pop();
    list.end = end;
    if (unclosed)
      this.#faults.push({
        start: list.start,
        end: list.start + 1,
        message: 'this parenthesis is not closed',
      });
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
      while (this.#leave(lastEnd(this.#open.at(-1)), true) !== first);
      this.#open.push(field);
    }
    if (field.head !== 'module') this.#openFields.push(field);
  }
}

/** Where the last thing in a list ends. */
function lastEnd(list: OpenList | undefined): number {
  return list?.items.at(-1)?.end ?? list?.end ?? 0;
}

function indentAt(source: string, offset: number): number {
  let at = offset;
  while (at > 0 && (source[at - 1] === ' ' || source[at - 1] === '\t')) at--;
  return at === 0 || source[at - 1] === '\n' || source[at - 1] === '\r'
    ? offset - at
    : Number.POSITIVE_INFINITY;
}
