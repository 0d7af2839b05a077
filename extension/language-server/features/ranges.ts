import {
  type FoldingRange,
  FoldingRangeKind,
  type Position,
  type SelectionRange,
} from 'vscode-languageserver';
import type { Node, TextPlace } from '../../../runtime/internal.ts';
import type { WatDocument } from '../wat-document.ts';

/**
 * What can be folded: lists, blocks with their `end`, comments, and lines of comments one after another. A line that only closes stays
 * visible.
 */
export function foldingRangesOf(document: WatDocument): FoldingRange[] {
  const found: FoldingRange[] = [];
  const { syntax, lines } = document;
  const add = ({ start, end }: TextPlace, kind?: FoldingRangeKind): void => {
    const startLine = lines.positionAt(start).line;
    const last = lines.positionAt(end).line;
    if (last === startLine) return;
    const endLine = onlyCloses(document, last, end) ? last - 1 : last;
    if (endLine > startLine)
      found.push(kind === undefined ? { startLine, endLine } : { startLine, endLine, kind });
  };
  const waiting: Node[][] = [[...syntax.roots]];
  for (let nodes = waiting.pop(); nodes !== undefined; nodes = waiting.pop()) {
    for (const node of nodes)
      if (node.kind === 'list') {
        add(node);
        waiting.push([...node.items]);
      }
    for (const block of plainBlocks(document, nodes)) add(block);
  }
  for (const comment of commentsTogether(document)) add(comment, FoldingRangeKind.Comment);
  return found;
}

/** Characters of a line that may only close something. Longer ones are not looked at. */
const LONGEST_CLOSING = 200;

/** Whether there is nothing on a line before `end` except what ends there: an `end`, or parentheses. */
function onlyCloses({ text, lines }: WatDocument, line: number, end: number): boolean {
  const start = lines.offsetAt({ line, column: 0 });
  return end - start <= LONGEST_CLOSING && /^\s*(?:end|\)+)$/.test(text.slice(start, end));
}

/** Blocks without parentheses: from their word to the word `end`. */
function* plainBlocks(document: WatDocument, nodes: readonly Node[]): Generator<TextPlace> {
  const open: Node[] = [];
  for (const node of nodes.slice(1)) {
    if (node.kind !== 'keyword') continue;
    const word = document.textOf(node);
    if (/^(?:block|loop|if|try|try_table)$/.test(word)) open.push(node);
    else if (word === 'end' || word === 'delegate') {
      const start = open.pop()?.start;
      if (start !== undefined) yield { start, end: node.end };
    }
  }
}

/** Comments; those that follow each other from line to line are one. */
function* commentsTogether({ syntax, lines }: WatDocument): Generator<TextPlace> {
  let place: TextPlace | undefined;
  for (const comment of syntax.comments) {
    if (place !== undefined && lines.positionAt(comment.start).line <= lines.positionAt(place.end).line + 1)
      place = { start: place.start, end: comment.end };
    else {
      if (place !== undefined) yield place;
      place = comment;
    }
  }
  if (place !== undefined) yield place;
}

/** What is selected when a selection grows: the word, then one list after another. */
export function selectionRangesAt(document: WatDocument, positions: readonly Position[]): SelectionRange[] {
  return positions.map((position) => {
    let range: SelectionRange = {
      range: { start: document.positionAt(0), end: document.positionAt(document.text.length) },
    };
    for (const node of document.pathAt(document.offsetAt(position))) {
      const inside = insideOf(node);
      range = { range: document.rangeOf(node), parent: range };
      const offset = document.offsetAt(position);
      if (inside !== undefined && inside.start <= offset && offset <= inside.end)
        range = { range: document.rangeOf(inside), parent: range };
    }
    return range;
  });
}

/** What a list has behind its first word, or a string between its quotes. */
function insideOf(node: Node): TextPlace | undefined {
  if (node.kind === 'string' && node.end - node.start > 2)
    return { start: node.start + 1, end: node.end - 1 };
  if (node.kind !== 'list') return undefined;
  const first = node.items[node.head === '' ? 0 : 1];
  const last = node.items.at(-1);
  return first === undefined || last === undefined || first === last
    ? undefined
    : { start: first.start, end: last.end };
}
