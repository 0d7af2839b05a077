/** Escapes that all languages know. */
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\0', '\\0'],
  ['\\', '\\\\'],
]);

/** A text between quotes, with what cannot be displayed escaped. */
export function quoted(text: string, quote: '"' | "'" = '"'): string {
  const inside = text.replace(/[\\"'\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu, (character) => {
    if (character === '"' || character === "'") return character === quote ? `\\${character}` : character;
    return ESCAPES.get(character) ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
  return `${quote}${inside}${quote}`;
}
