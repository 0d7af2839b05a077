import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Milliseconds between two looks at the files, and milliseconds for which they must stay the same to count as complete.
 * Polling works on all file systems and for all ways of replacing a file, even if the folder disappears for a while.
 */
const INTERVAL = 100;
const SETTLED = 200;

/** The state of a file that does not exist. */
const MISSING = '';

/**
 * Calls `round` at once and after each change of a file. The round that runs meanwhile is aborted and awaited.
 * A file that is missing for a moment has not changed before it is back.
 * @returns never, except for an error of `round`
 */
export async function watchFiles(
  files: readonly string[],
  round: (signal: AbortSignal) => Promise<void>,
): Promise<never> {
  // Changes during the first round count, too.
  const seen = new Map<string, string>();
  await look(files, seen);
  for (;;) {
    const abort = new AbortController();
    const running = round(abort.signal);
    await Promise.all([nextChange(files, seen).then(() => abort.abort()), running]);
  }
}

/** Waits until files have changed and seem to be complete. */
async function nextChange(files: readonly string[], seen: Map<string, string>): Promise<void> {
  const changed = new Set<string>();
  let lastChange = 0;
  for (;;) {
    await sleep(INTERVAL);
    const found = await look(files, seen);
    const now = performance.now();
    for (const file of found) changed.add(file);
    if (found.length > 0) lastChange = now;
    const isComplete = [...changed].some((file) => seen.get(file) !== MISSING);
    if (isComplete && now - lastChange >= SETTLED) return;
  }
}

/** The files that differ from what was seen. Updates what was seen. */
async function look(files: readonly string[], seen: Map<string, string>): Promise<string[]> {
  const states = await Promise.all(files.map(stateOf));
  const found = files.filter((file, i) => seen.get(file) !== states[i]);
  files.forEach((file, i) => {
    seen.set(file, states[i] ?? MISSING);
  });
  return found;
}

/** The state of a file. It differs after every change of the content, and for another file under the same name. */
async function stateOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await stat(file, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return MISSING;
  }
}
