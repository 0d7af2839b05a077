import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** Imports need the most: the smallest one takes four bytes and becomes an object with its names. */
const SMALL_MULTIPLE = 64;

test.each(['types', 'imports', 'functions', 'globals', 'exports', 'loops', 'nested blocks', 'calls', 'nops'])(
  'a module crowded with %s takes a small multiple of its size to read',
  (kind) => {
    const script = join(import.meta.dirname, 'peak-memory.ts');
    const output = execFileSync(process.execPath, ['--expose-gc', script, kind], { encoding: 'utf8' });
    const { ratio } = JSON.parse(output) as { ratio: number };
    expect(ratio).toBeLessThan(SMALL_MULTIPLE);
  },
);
