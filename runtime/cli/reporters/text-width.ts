/** Characters that are drawn over the one before them, or not at all. */
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]$/u;

/** Characters that take two columns: those of East Asian scripts, and emoji. */
const DOUBLE_WIDTH =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]$/u;

/** The text, or as much of its beginning as fits into so many columns of a terminal, with an ellipsis. */
export function cutToWidth(text: string, columns: number): string {
  let width = 0;
  let end = 0;
  let fitting = 0;
  for (const character of text) {
    const own = NO_WIDTH.test(character) ? 0 : DOUBLE_WIDTH.test(character) ? 2 : 1;
    if (width + own > columns) return columns < 1 ? '' : `${text.slice(0, fitting)}…`;
    width += own;
    end += character.length;
    // Room for the ellipsis must be left.
    if (width < columns) fitting = end;
  }
  return text;
}
