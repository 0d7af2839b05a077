import { ExpressionError } from './expression-error.ts';
import { parseExpression } from './parse-expression.ts';
import type { Expression } from './syntax.ts';

/** The most characters of a message before its expressions have values. */
export const MOST_MESSAGE = 4000;

/** What a log point prints: texts, and expressions whose values stand there. */
export type LogMessage = readonly (string | Expression)[];

/**
 * Reads a message in which expressions stand in braces, as in `the total is {total}`. `\{` is a brace.
 * @throws ExpressionError if one of them is none
 */
export function parseLogMessage(text: string): LogMessage {
  if (text.length > MOST_MESSAGE)
    throw new ExpressionError(`a message has at most ${MOST_MESSAGE} characters`);
  const parts: (string | Expression)[] = [];
  let plain = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '\\' && /[\\{}]/.test(text[at + 1] ?? '')) {
      plain += text[++at];
    } else if (character === '{') {
      const end = endOf(text, at);
      if (plain !== '') parts.push(plain);
      plain = '';
      parts.push(parseExpression(text.slice(at + 1, end)));
      at = end;
    } else plain += character;
  }
  if (plain !== '') parts.push(plain);
  return parts;
}

/** Where the brace is that closes one. Those in texts and characters do not. */
function endOf(text: string, open: number): number {
  let quote = '';
  for (let at = open + 1; at < text.length; at++) {
    const character = text[at] ?? '';
    if (character === '\\') at++;
    else if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (character === '}') return at;
  }
  throw new ExpressionError("a '{' is not closed by a '}'");
}
