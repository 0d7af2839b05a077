/** How a text is displayed in the columns of a terminal. */
export interface Columns {
  widthOf(text: string): number;
  /** The text, or as much of its beginning as fits into so many columns, with an ellipsis. */
  cut(text: string, columns: number): string;
}

const ONE_EACH: Columns = {
  widthOf: ({ length }) => length,
  cut: (text, columns) => (text.length <= columns ? text : `${text.slice(0, columns - 1)}…`),
};

/**
 * The columns of a text. What knows those of all characters takes 20 ms to load, so that it is not loaded for one that is made of
 * letters of ASCII: processes may be waiting.
 */
export async function columnsOf(text: string): Promise<Columns> {
  if (/^[ -~]*$/.test(text)) return ONE_EACH;
  const [{ cutText }, { default: widthOf }] = await Promise.all([
    import('./reporters/cut-text.ts'),
    import('string-width'),
  ]);
  return { widthOf, cut: cutText };
}
