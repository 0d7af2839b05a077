import { Tokens, WORD } from './tokens.ts';

/** Whether a statement is only explained: it does nothing. */
export function isExplained(sql: string): boolean {
  const tokens = new Tokens(sql);
  return tokens.next() === WORD && !tokens.isQuoted && tokens.length < 10 && tokens.text === 'explain';
}
