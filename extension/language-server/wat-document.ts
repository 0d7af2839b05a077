import type { Position, Range } from 'vscode-languageserver';
import {
  editSyntax,
  LineStarts,
  type List,
  type Named,
  type Node,
  type OpenSyntax,
  readOpenSyntax,
  type Syntax,
  TextAnalysis,
  type TextPlace,
  textOf,
  type Use,
} from '../../runtime/internal.ts';

/** A text module, and what is known of it. Each part is read when it is first asked for, and again only where the text has changed. */
export class WatDocument {
  readonly uri: string;
  #text: string;
  #lines: LineStarts | undefined;
  #syntax: OpenSyntax | undefined;
  #analysis: TextAnalysis | undefined;

  constructor(uri: string, text: string) {
    this.uri = uri;
    this.#text = text;
  }

  get text(): string {
    return this.#text;
  }

  /** Called when the text has changed. What was known of the places in it is no longer right. */
  update(text: string): void {
    this.#text = text;
    this.#lines = undefined;
    const change = this.#syntax && editSyntax(this.#syntax, text);
    if (change === undefined || this.#analysis?.edit(change) !== true) this.#analysis = undefined;
  }

  get lines(): LineStarts {
    this.#lines ??= new LineStarts(this.text);
    return this.#lines;
  }

  get syntax(): Syntax {
    this.#syntax ??= readOpenSyntax(this.text);
    return this.#syntax;
  }

  get analysis(): TextAnalysis {
    this.#analysis ??= new TextAnalysis(this.syntax);
    return this.#analysis;
  }

  positionAt(offset: number): Position {
    const { line, column } = this.lines.positionAt(offset);
    return { line, character: column };
  }

  offsetAt({ line, character }: Position): number {
    return this.lines.offsetAt({ line, column: character });
  }

  rangeOf({ start, end }: TextPlace): Range {
    return { start: this.positionAt(start), end: this.positionAt(end) };
  }

  textOf(node: Node): string {
    return textOf(this.syntax, node);
  }

  /** The lists around an offset and the word there, the outermost first. A word also counts if it ends there. */
  pathAt(offset: number): readonly Node[] {
    const path: Node[] = [];
    for (let nodes = this.syntax.roots; ; ) {
      const next = nodeAt(nodes, offset);
      if (next === undefined) return path;
      path.push(next);
      if (next.kind !== 'list') return path;
      nodes = next.items;
    }
  }

  /** The lists around an offset, the innermost last. */
  listsAt(offset: number): readonly List[] {
    return this.pathAt(offset).filter((node) => node.kind === 'list');
  }

  /** What a word at an offset stands for. */
  useAt(offset: number): Use | undefined {
    const { uses } = this.analysis;
    let low = 0;
    let high = uses.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((uses[middle]?.at.start ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    const use = uses[low - 1];
    return use !== undefined && offset <= use.at.end ? use : undefined;
  }

  /** All places that name something, in the order of the text. */
  usesOf(target: Named): readonly Use[] {
    return this.analysis.usesOf(target);
  }

  /** Whether an offset lies in a comment. */
  isInComment(offset: number): boolean {
    const comment = firstEndingAfter(this.syntax.comments, offset - 1);
    if (comment === undefined || comment.start >= offset) return false;
    // One of a line goes on behind its end.
    return offset < comment.end || this.text[comment.start] === ';';
  }
}

/** The node that an offset is in. Of a word that ends there and a list that begins there, it is the word. */
function nodeAt(nodes: readonly Node[], offset: number): Node | undefined {
  const node = firstEndingAfter(nodes, offset - 1);
  if (node === undefined || node.start > offset) return undefined;
  const touches = node.kind === 'list' ? node.start < offset && offset < node.end : true;
  if (touches) return node;
  const next = firstEndingAfter(nodes, offset);
  return next !== undefined && next !== node && next.kind !== 'list' && next.start <= offset
    ? next
    : undefined;
}

/** The first of places in ascending order that ends behind an offset. */
function firstEndingAfter<T extends TextPlace>(places: readonly T[], offset: number): T | undefined {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((places[middle]?.end ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return places[low];
}
