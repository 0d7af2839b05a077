import { Finding } from './finding.ts';
import type { Figures, Fuzzer } from './fuzzer.ts';

/** The number of the case that goes wrong. */
export const WRONG = 3;

const fuzzer = (name: string, goWrong: () => void): Fuzzer => ({
  name,
  about: 'goes wrong in one case, as tests of the fuzzers themselves want it',
  async run(random): Promise<Figures> {
    if (random.number === WRONG) goWrong();
    return { random: random.next() };
  },
});

/** Fuzzers of which each has a case that goes wrong in another way. */
export const BROKEN_FUZZERS: readonly Fuzzer[] = [
  fuzzer('finds', () => {
    throw new Finding('what it was made for');
  }),
  fuzzer('fails', () => {
    throw new TypeError('an error of another kind');
  }),
  fuzzer('blocks', () => {
    for (;;);
  }),
  fuzzer('ends', () => process.abort()),
];
