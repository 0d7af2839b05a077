/** The expression of a part of what an expression means; null if there is none. */
export function joined(whole: string | null, path: string | null): string | null {
  if (whole === null || path === null) return null;
  if (path === '*') return `*${whole}`;
  return whole.startsWith('*') && path !== '' ? `(${whole})${path}` : whole + path;
}
