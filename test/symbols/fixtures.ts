import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, 'fixtures');

/** The modules with debug information that `fixtures/build.mjs` has built. */
export function fixtures(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.wasm'))
    .map((file) => join(folder, file));
}

/** The path of one of them, or of a source beside them. */
export function fixture(name: string): string {
  return join(folder, name);
}
