/** The flags that are set, by what sets them back to what they were when this Node was started. */
const flags = new Map<string, string>();

/**
 * Sets a flag of V8's for the rest of this OS process.
 *
 * V8 takes code that it has compiled before only from a Node with the same flags. So they are set back when this one exits, before what
 * it has compiled is kept for the next.
 * @param usual sets the flag back
 */
export function setFlag(flag: string, usual: string): void {
  if (flags.size === 0) process.prependOnceListener('exit', () => set(flags.keys()));
  flags.set(usual, flag);
  set([flag]);
}

/** Loads a script that V8 may have compiled before. */
export function withUsualFlags<T>(load: () => T): T {
  if (flags.size === 0) return load();
  set(flags.keys());
  try {
    return load();
  } finally {
    set(flags.values());
  }
}

function set(wanted: Iterable<string>): void {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  for (const flag of wanted) setFlagsFromString(flag);
}
