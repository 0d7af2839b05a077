/** Starts the soak with the flags of a scheduler that may have many processes. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { V8_FLAGS } from '../../runtime/internal.ts';

const words = [
  ...V8_FLAGS,
  '--disable-warning=ExperimentalWarning',
  join(import.meta.dirname, 'main.ts'),
  ...process.argv.slice(2),
];
// V8's threads have heaps of their own in glibc, and `malloc_trim` leaves up to 64 MiB at the end of each.
const env = { ...process.env, MALLOC_ARENA_MAX: '1' };
process.exit(spawnSync(process.execPath, words, { stdio: 'inherit', env }).status ?? 1);
