/** Starts the soak with the flags of a scheduler that may have many processes. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { V8_FLAGS } from '../../runtime/internal.ts';

const words = [...V8_FLAGS, join(import.meta.dirname, 'main.ts'), ...process.argv.slice(2)];
// The defaults of glibc, which otherwise raises them after each large block and then keeps up to a hundred MiB that nobody uses.
const env = { ...process.env, MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' };
process.exit(spawnSync(process.execPath, words, { stdio: 'inherit', env }).status ?? 1);
