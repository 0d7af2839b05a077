/**
 * JSON that can also be shown on a terminal: all characters that `printable` would replace are escaped, so nothing is lost.
 * @param space as for `JSON.stringify`
 */
export function jsonText(value: unknown, space?: number): string {
  return escapedJson(JSON.stringify(value, null, space));
}

/** Escapes in JSON what `JSON.stringify` leaves as it is, and a terminal obeys. */
export function escapedJson(json: string): string {
  // Such characters are in strings only.
  return json.replace(/[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    // One beyond the first 65,536 is two escapes.
    character.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}
