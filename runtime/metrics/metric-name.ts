/** Characters of the longest name that is exported. */
const MAX_NAME = 200;

/**
 * A name as Prometheus has it: letters, digits, `_` and `:`, and no digit at the beginning. Whatever else becomes `_`.
 * @returns undefined for a name that is empty or too long
 */
export function metricName(name: string): string | undefined {
  if (name === '' || name.length > MAX_NAME) return undefined;
  return name.replace(/[^a-zA-Z0-9_:]/gu, '_').replace(/^(?=[0-9])/, '_');
}
