/** A word, a quoted text, or a sign of a source. */
export interface Token {
  readonly kind: 'word' | 'text' | 'sign';
  /** As it is written; of a text, what is between its quotes. */
  readonly text: string;
  /** Where that is in the source. */
  readonly start: number;
  readonly end: number;
  /** Of an opening bracket: how many tokens further the closing one is. */
  readonly span?: number;
}

export type SourceLanguage = 'rust' | 'c' | 'assemblyscript';

const SPACE = /\s+/y;
const LINE_COMMENT = /\/\/[^\n]*/y;
const WORD = /[\p{ID_Start}\d_$][\p{ID_Continue}$]*/uy;
const TEXT = /"(?:[^"\\]|\\[\s\S])*(?:"|$)/y;
const SIGN = /->|::|[\s\S]/y;

/** What one language alone has: what is skipped, and texts of other forms. */
const OWN: Readonly<Record<SourceLanguage, { readonly skipped?: RegExp; readonly texts?: RegExp }>> = {
  // Characters, and texts without escapes.
  rust: { texts: /b?'(?:[^'\\\n]|\\[^\n][^'\n]*)'|b?r(#*)"[\s\S]*?(?:"\1|$)/y },
  // Directives of the preprocessor, with the lines that they go on in; and characters.
  c: { skipped: /#(?:[^\\\n]|\\[\s\S])*/y, texts: /'(?:[^'\\\n]|\\[^\n])*'/y },
  assemblyscript: { texts: /'(?:[^'\\\n]|\\[^\n])*'|`(?:[^`\\]|\\[\s\S])*(?:`|$)/y },
};

/** Splits a source, whatever it is. Comments are left out. */
export function tokensOf(source: string, language: SourceLanguage): Token[] {
  const tokens: Token[] = [];
  const { skipped, texts } = OWN[language];
  for (let at = 0; at < source.length; ) {
    const past =
      matchEnd(SPACE, source, at) ??
      matchEnd(LINE_COMMENT, source, at) ??
      blockCommentEnd(source, at, language) ??
      (skipped && matchEnd(skipped, source, at));
    if (past !== undefined) {
      at = past;
      continue;
    }
    const textEnd = matchEnd(TEXT, source, at) ?? (texts && matchEnd(texts, source, at));
    const end = textEnd ?? matchEnd(WORD, source, at) ?? matchEnd(SIGN, source, at) ?? at + 1;
    if (textEnd !== undefined) {
      const close = end - at > 1 && source[end - 1] === source[at] ? end - 1 : end;
      tokens.push({ kind: 'text', text: source.slice(at + 1, close), start: at + 1, end: close });
    } else {
      const text = source.slice(at, end);
      tokens.push({ kind: /^[\p{ID_Start}\d_$]/u.test(text) ? 'word' : 'sign', text, start: at, end });
    }
    at = end;
  }
  matchBrackets(tokens);
  return tokens;
}

function matchEnd(pattern: RegExp, source: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(source) ? pattern.lastIndex : undefined;
}

/** Where a comment ends that begins here; those of Rust contain others. */
function blockCommentEnd(source: string, at: number, language: SourceLanguage): number | undefined {
  if (!source.startsWith('/*', at)) return undefined;
  const mark = language === 'rust' ? /\/\*|\*\//g : /\*\//g;
  mark.lastIndex = at + 2;
  for (let depth = 1; ; ) {
    const found = mark.exec(source);
    if (found === null) return source.length;
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
}

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** Tells each opening bracket how far it is to the closing one. One that closes nothing is passed over. */
function matchBrackets(tokens: Token[]): void {
  const open: number[] = [];
  for (const [i, { kind, text }] of tokens.entries()) {
    if (kind !== 'sign') continue;
    const last = open.at(-1);
    if (CLOSING[text] !== undefined) {
      open.push(i);
    } else if (last !== undefined && CLOSING[tokens[last]?.text ?? ''] === text) {
      setSpan(tokens, last, i);
      open.pop();
    }
  }
  for (const i of open) setSpan(tokens, i, tokens.length);
}

function setSpan(tokens: Token[], open: number, close: number): void {
  const token = tokens[open];
  if (token !== undefined) tokens[open] = { ...token, span: close - open };
}

/** The index of the token that closes the bracket at an index; that behind the last token if none does. */
export function closingOf(tokens: readonly Token[], open: number): number {
  return Math.min(open + (tokens[open]?.span ?? 0), tokens.length);
}

/** The parts of a list between commas that are in no brackets, nor in those of generic types. */
export function partsOf(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [];
  let part: Token[] = [];
  let depth = 0;
  for (const token of tokens) {
    const { kind, text } = token;
    if (kind === 'sign') {
      if ('([{<'.includes(text)) depth++;
      if (')]}>'.includes(text)) depth--;
      if (text === ',' && depth === 0) {
        parts.push(part);
        part = [];
        continue;
      }
    }
    part.push(token);
  }
  if (part.length > 0) parts.push(part);
  return parts;
}

export function isSign(token: Token | undefined, text: string): boolean {
  return token?.kind === 'sign' && token.text === text;
}

export function isWord(token: Token | undefined, text: string): boolean {
  return token?.kind === 'word' && token.text === text;
}

/** Where a source calls what it declares somewhere under a name. */
export function callsOf(
  source: string,
  language: SourceLanguage,
  { text, start }: { readonly text: string; readonly start: number },
): Token[] {
  const tokens = tokensOf(source, language);
  return tokens.filter(
    (token, i) => token.start !== start && isWord(token, text) && isSign(tokens[i + 1], '('),
  );
}
