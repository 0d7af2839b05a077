/** What sets flags back to what they were when this Node was started. */
const restoring = new Set<string>();

/**
 * Sets a flag of V8's for the rest of this OS process.
 *
 * V8 takes code that it has compiled before only from a Node with the same flags. So they are set back when this one exits, before what
 * it has compiled is kept for the next.
 * @param usual sets the flag back
 */
export function setFlag(flag: string, usual: string): void {
  if (restoring.size === 0) process.prependOnceListener('exit', restore);
  restoring.add(usual);
  process.getBuiltinModule('node:v8').setFlagsFromString(flag);
}

function restore(): void {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  for (const flag of restoring) setFlagsFromString(flag);
}
