import { describe, expect, test } from 'vitest';
import { WRONG } from './broken-fuzzers.ts';
import { fuzz } from './fuzz.ts';
import { makeModule as makeCalls } from './host-calls.ts';
import { makeModule as makeHoarders } from './limits.ts';
import { makeModule as makeFighters } from './preemption.ts';
import { Random } from './random.ts';

const MAKERS = {
  'host-calls': (random: Random) => makeCalls(random, { plain: 1, tls: 2 }, 3).bytes,
  preemption: (random: Random) => makeFighters(random, 2),
  limits: (random: Random) => makeHoarders(random).bytes,
};

describe.each(Object.entries(MAKERS))('modules of the fuzzer %s', (_, make) => {
  test('are valid', () => {
    for (let number = 0; number < 200; number++) {
      const bytes = new Uint8Array(make(new Random(1, number)));
      if (!WebAssembly.validate(bytes)) new WebAssembly.Module(bytes);
    }
  });

  test('are the same for the same seed and number, and others for others', () => {
    const modules = [
      [1, 1],
      [1, 1],
      [1, 2],
      [2, 1],
    ].map(([seed = 0, number = 0]) => Buffer.from(make(new Random(seed, number))).toString('base64'));
    expect(modules[0]).toBe(modules[1]);
    expect(new Set(modules).size).toBe(3);
  });
});

/** Runs a fuzzer of which one case goes wrong, and returns what is printed until it has gone on behind it. */
async function broken(name: string): Promise<string> {
  const lines: string[] = [];
  const found = await fuzz(name, {
    seed: 5,
    cases: WRONG + 3,
    minutes: 10,
    gap: 40,
    only: null,
    silence: 1,
    print: (line) => lines.push(line),
  });
  expect(found).toBe(1);
  expect(lines.at(-1)).toContain(`${WRONG + 3} cases`);
  return lines.join('\n');
}

describe('a case that goes wrong is told, with the command that repeats it, and others follow', () => {
  test.each([
    ['finds', 'what it was made for'],
    ['fails', 'TypeError: an error of another kind'],
    ['ends', 'SIGABRT'],
  ])('%s', { timeout: 120_000 }, async (name, text) => {
    const printed = await broken(name);
    expect(printed).toContain(text);
    expect(printed).toContain(`again: npm run fuzz -- ${name} --seed 5 --case ${WRONG}`);
  });

  // Whether it computes can only be seen on Linux.
  test.runIf(process.platform === 'linux')('blocks', { timeout: 120_000 }, async () => {
    const printed = await broken('blocks');
    expect(printed).toMatch(/it blocks: \d+ s of computing without an end/);
    expect(printed).toContain(`again: npm run fuzz -- blocks --seed 5 --case ${WRONG}`);
  });

  test('a case can be repeated alone', { timeout: 120_000 }, async () => {
    const lines: string[] = [];
    const options = { seed: 5, minutes: 10, gap: 40, print: (line: string) => lines.push(line) };
    expect(await fuzz('finds', { ...options, only: WRONG })).toBe(1);
    expect(await fuzz('finds', { ...options, only: WRONG + 1 })).toBe(0);
    expect(lines.at(-1)).toMatch(/^ok: .* 1 cases/);
  });
});
