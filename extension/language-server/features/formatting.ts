import type { FormattingOptions, Range, TextEdit } from 'vscode-languageserver';
import { TokenKind, TokenReader } from '../../../runtime/internal.ts';
import type { Work } from '../slices.ts';
import type { WatDocument } from '../wat-document.ts';

/** Words that begin what `end` ends, where they stand without parentheses. */
const OPENING: ReadonlySet<string> = new Set(['block', 'loop', 'if', 'try', 'try_table']);
/** Words that stand as far left as the block that they divide. */
const DIVIDING: ReadonlySet<string> = new Set(['else', 'catch', 'catch_all', 'delegate']);

/**
 * Formats a text, or some of its lines: indents lines by the parentheses and blocks that they are in, leaves one space between
 * words and at most one empty line. Where lines break is not changed, and neither are comments. Parentheses that are missing, or too
 * many, only move what follows.
 */
export function* formatting(
  document: WatDocument,
  options: FormattingOptions,
  range?: Range,
): Work<TextEdit[]> {
  const unit = options.insertSpaces ? ' '.repeat(options.tabSize) : '\t';
  const source = document.text;
  const first = range?.start.line ?? 0;
  const last = range?.end.line ?? document.lines.lineCount;
  const edits: TextEdit[] = [];
  for (const { line, start, end, text } of formattedLines(source, unit)) {
    yield;
    if (line < first || line > last || source.slice(start, end) === text) continue;
    edits.push({ range: document.rangeOf({ start, end }), newText: text });
  }
  return edits;
}

interface FormattedLine {
  /** The line in the text, from 0. */
  readonly line: number;
  /** The part of the text that becomes `text`. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Keeps the depth of parentheses and blocks from token to token. */
class Depth {
  /** For each open list, how many blocks without parentheses are open in it. */
  readonly #lists: number[] = [0];

  get levels(): number {
    return this.#lists.reduce((sum, blocks) => sum + blocks, this.#lists.length - 1);
  }

  open(): void {
    this.#lists.push(0);
  }

  close(): void {
    if (this.#lists.length > 1) this.#lists.pop();
  }

  /** Begins a block, or ends one. */
  block(by: 1 | -1): void {
    const blocks = (this.#lists.pop() ?? 0) + by;
    this.#lists.push(Math.max(0, blocks));
  }
}

function* formattedLines(source: string, unit: string): Generator<FormattedLine> {
  const depth = new Depth();
  let empty = 0;
  for (const { start, end, line, tokens } of tokenLines(source)) {
    const [first] = tokens;
    const last = tokens.at(-1);
    if (first === undefined || last === undefined) {
      // What is no token stays.
      if (source.slice(start, end).trim() !== '') continue;
      // More than one empty line, and those at the start, become one and none.
      const isNeedless = empty > 0 || line === 0;
      const behind = end < source.length ? end + lineBreak(source, end) : end;
      yield { line, start, end: isNeedless ? behind : end, text: '' };
      empty++;
    } else {
      empty = 0;
      const levels = depth.levels - leading(tokens, depth);
      const text = [
        source.slice(start, first.start).trimStart(),
        joined(source, tokens),
        source.slice(last.end, end).trimEnd(),
      ].join('');
      for (const token of tokens) step(token, depth);
      yield { line, start, end, text: unit.repeat(Math.max(0, levels)) + text };
    }
  }
}

interface Token {
  readonly kind: number;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Whether it is the first word behind a parenthesis. */
  readonly isHead: boolean;
}

interface TokenLine {
  /** From 0. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly tokens: readonly Token[];
}

/** The lines of a text with their tokens. A token of several lines, as a comment, makes these one. */
function* tokenLines(source: string): Generator<TokenLine> {
  const reader = new TokenReader(source);
  let tokens: Token[] = [];
  let line = 0;
  let start = 0;
  /** Where the last token ends. */
  let last = 0;
  function* endLines(to: number): Generator<TokenLine> {
    // Most tokens stand on the line of the one before.
    if (to - last <= 1 && source[last] !== '\n' && source[last] !== '\r') return;
    for (const { index, 0: lineEnd } of source.slice(last, to).matchAll(/\r\n|\n|\r/g)) {
      yield { line, start, end: last + index, tokens };
      tokens = [];
      start = last + index + lineEnd.length;
      line++;
    }
  }
  while (reader.next()) {
    yield* endLines(reader.start);
    const before = tokens.at(-1);
    const text = source.slice(reader.start, reader.end);
    const isHead = before?.kind === TokenKind.open && before.end === reader.start;
    tokens.push({ kind: reader.kind, start: reader.start, end: reader.end, text, isHead });
    last = reader.end;
    if (reader.kind === TokenKind.blockComment) line += text.match(/\r\n|\n|\r/g)?.length ?? 0;
  }
  yield* endLines(source.length);
  if (start < source.length) yield { line, start, end: source.length, tokens };
}

/** How much further left a line stands for what it begins with: parentheses that close, or the end of a block. */
function leading(tokens: readonly Token[], depth: Depth): number {
  const [first] = tokens;
  if (first?.kind === TokenKind.keyword && (first.text === 'end' || DIVIDING.has(first.text))) return 1;
  const closing = tokens.findIndex(({ kind }) => kind !== TokenKind.close);
  return Math.min(closing < 0 ? tokens.length : closing, depth.levels);
}

function step({ kind, text, isHead }: Token, depth: Depth): void {
  if (kind === TokenKind.open || kind === TokenKind.annotation) depth.open();
  else if (kind === TokenKind.close) depth.close();
  else if (kind === TokenKind.keyword && !isHead) {
    if (OPENING.has(text)) depth.block(1);
    else if (text === 'end' || text === 'delegate') depth.block(-1);
  }
}

/** The tokens of a line with one space between them, but none inside of parentheses. */
function joined(source: string, tokens: readonly Token[]): string {
  let text = '';
  let before: Token | undefined;
  for (const token of tokens) {
    // `( @a` is a parenthesis before a word, but `(@a` an annotation.
    const isTight =
      (before?.kind === TokenKind.open && !token.text.startsWith('@')) || token.kind === TokenKind.close;
    const isComment = token.kind === TokenKind.lineComment || token.kind === TokenKind.blockComment;
    // What stands between them, except blanks, is no token: it stays.
    const between = before === undefined ? '' : source.slice(before.end, token.start);
    if (before !== undefined && between.trim() !== '') text += between;
    else if (before !== undefined && (!isTight || (isComment && between !== '')))
      text += keptSpaces(between, isComment);
    text += token.kind === TokenKind.lineComment ? token.text.trimEnd() : token.text;
    before = token;
  }
  return text;
}

/** One space, or those with which comments behind code are aligned. */
function keptSpaces(between: string, isComment: boolean): string {
  return isComment && /^ {2,}$/.test(between) ? between : ' ';
}

function lineBreak(source: string, at: number): number {
  return source.startsWith('\r\n', at) ? 2 : 1;
}
