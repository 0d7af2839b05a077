import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Random } from '../fuzz/random.ts';
import { attacks } from './attacks.ts';
import { Session } from './session.ts';

test('the modules of the fuzzers all run in the soak', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lunatic-attacks-'));
  const session = await Session.begin(folder);
  try {
    const numbers = Array.from({ length: 40 }, (_, i) => i);
    await Promise.all(numbers.map((number) => attacks.run(session, new Random(1, number))));
    expect(session.bugs).toEqual([]);
  } finally {
    await session.end();
    rmSync(folder, { recursive: true, force: true });
  }
});
