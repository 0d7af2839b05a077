/** Characters of the longest name that is exported. */
const MAX_NAME = 200;

/**
 * Makes a name for Prometheus: letters, digits, `_` and `:`, and no digit at the beginning. Anything else becomes `_`.
 * @returns undefined for a name that is empty or too long
 */
export function metricName(name: string): string | undefined {
  if (name === '' || name.length > MAX_NAME) return undefined;
  return name.replace(/[^a-zA-Z0-9_:]/gu, '_').replace(/^(?=[0-9])/, '_');
}
