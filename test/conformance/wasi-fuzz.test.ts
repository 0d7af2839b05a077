import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WASI_FUNCTIONS } from '../support/contract.ts';
import { Feed } from '../support/program.ts';
import { WasiGuest } from '../support/wasi-guest.ts';

let base = '';
beforeAll(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'lunatic-fuzz-')));
});
afterAll(() => rmSync(base, { recursive: true }));

/** Texts in the guest's memory, 64 bytes each. */
const TEXTS = [
  'a',
  'b',
  'a/b',
  'link',
  '..',
  '/',
  'a/../..',
  'new',
  'link/x',
  '',
  'a\0b',
  '\ud800',
  'a/',
  '.',
];
const TEXT = 0x2000;

const number = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 12 }) },
  { weight: 4, arbitrary: fc.nat(TEXTS.length - 1).map((i) => TEXT + i * 64) },
  { weight: 3, arbitrary: fc.constantFrom(0x100, 0x3000, 0x8000, 0xffff, 0x10000, 64, 1024) },
  { weight: 1, arbitrary: fc.integer() },
  { weight: 1, arbitrary: fc.constantFrom(-1, 0x7fff_ffff, -0x8000_0000, 0xfff0) },
);
const long = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt({ min: 0n, max: 200n }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(0x0fff_ffffn, 2n ** 40n, 2n ** 53n, 2n ** 63n - 1n, -1n, 1n << 32n),
  },
  { weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) },
);
/** What fills the disk, or waits, is left out. */
const FUNCTIONS = WASI_FUNCTIONS.filter(({ name }) => !/^proc_|fd_allocate|poll_oneoff|set_size/.test(name));
const call = fc
  .constantFrom(...FUNCTIONS)
  .chain(({ name, params }) =>
    fc.tuple(fc.constant(name), fc.tuple(...params.map((type) => (type === 'i32' ? number : long)))),
  );

test('whatever a guest passes, it is answered or it traps, and nothing is a bug or outside', {
  timeout: 60_000,
}, async () => {
  let runs = 0;
  let answers = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 30, maxLength: 60 }), async (calls) => {
      const place = join(base, `${runs++}`);
      const root = join(place, 'root');
      mkdirSync(join(root, 'a/b'), { recursive: true });
      writeFileSync(join(root, 'b'), 'text');
      symlinkSync('../outside', join(root, 'link'));
      const input = new Feed();
      input.push('some input');
      input.end();
      const guest = await WasiGuest.start([root, root], { input, pages: 1 });
      try {
        TEXTS.forEach((text, i) => {
          guest.memory.write(TEXT + i * 64, Buffer.from(text));
        });
        for (const [name, args] of calls) {
          // Long writes are for other tests.
          guest.memory.writeU32(0x3000, TEXT);
          guest.memory.writeU32(0x3004, 20);
          const answer = await guest.call(name, ...args);
          expect(answer).toMatch(/^(ok|E[A-Z0-9]+)$/);
          answers++;
        }
      } catch (error) {
        expect(String(error)).toMatch(/out of bounds/);
      }
      await guest.stop();
      expect(readdirSync(place)).toEqual(['root']);
      rmSync(place, { recursive: true });
    }),
    { numRuns: 60 },
  );
  expect(answers).toBeGreaterThan(200);
});
