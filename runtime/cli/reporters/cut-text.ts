import stringWidth from 'string-width';

const graphemes = new Intl.Segmenter();

/** The text, or as much of its beginning as fits into so many columns of a terminal, with an ellipsis. */
export function cutText(text: string, columns: number): string {
  if (columns < 1) return '';
  if (stringWidth(text) <= columns) return text;
  let width = 0;
  let fitting = '';
  for (const { segment } of graphemes.segment(text)) {
    width += stringWidth(segment);
    // The ellipsis takes a column.
    if (width >= columns) break;
    fitting += segment;
  }
  return `${fitting}…`;
}
