import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCases } from './case-process.ts';
import { fuzzerOf } from './fuzzers.ts';
import type { Task } from './report.ts';

/** Cases after which a fresh OS process goes on, unless a fuzzer has its own number, so that what earlier ones left behind hides nothing. */
const CASES_PER_PROCESS = 100;
/** Seconds of computing without a word after which a case counts as one that blocks. */
const SILENCE = 15;

interface Options {
  readonly seed: number;
  readonly minutes: number;
  /** Cases after which it ends earlier. */
  readonly cases?: number;
  readonly gap: number;
  /** The only case to run, with more words; null for as many as there is time for. */
  readonly only: number | null;
  /** See `runCases`. Default: 15. */
  readonly silence?: number;
  /** Default: prints a line. */
  readonly print?: (line: string) => void;
}

/** Runs a fuzzer for a time, and prints what it finds. Returns the number of cases that found something. */
export async function fuzz(name: string, options: Options): Promise<number> {
  const {
    seed,
    minutes,
    gap,
    only,
    cases = Number.POSITIVE_INFINITY,
    silence = SILENCE,
    print = console.log,
  } = options;
  const begin = Date.now();
  const until =
    only === null ? Math.min(begin + minutes * 60_000, Number.MAX_SAFE_INTEGER) : Number.MAX_SAFE_INTEGER;
  const { casesPerProcess = CASES_PER_PROCESS } = fuzzerOf(name);
  /** The largest of each, and the case that had it. */
  const figures = new Map<string, { readonly value: number; readonly number: number }>();
  let next = only ?? 0;
  let passed = 0;
  let found = 0;
  const tell = (number: number, text: string) => {
    found++;
    print(`\nFOUND by ${name}, case ${number}: ${text}`);
    print(`  again: npm run fuzz -- ${name} --seed ${seed} --case ${number}\n`);
  };
  while (Date.now() < until && next < cases && (only === null || next === only)) {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), `lunatic-fuzz-`)));
    const most = only === null ? Math.min(casesPerProcess, cases - next) : 1;
    const task: Task = { fuzzer: name, seed, first: next, most, until, folder, gap, traces: only !== null };
    const end = await runCases(task, silence, (report) => {
      if (report.kind === 'begun') next = report.number + 1;
      if (report.kind === 'found') tell(report.number, report.text);
      if (report.kind !== 'passed') return;
      passed++;
      for (const [key, value] of Object.entries(report.figures))
        if (value > (figures.get(key)?.value ?? 0)) figures.set(key, { value, number: report.number });
    });
    rmSync(folder, { recursive: true, force: true });
    if (end === null) continue;
    // It did not even begin: no case is at fault, and it would go on so.
    if (next === task.first) throw new Error(`the fuzzer ${name} cannot run: ${end}`);
    tell(next - 1, end);
  }
  const seconds = Math.round((Date.now() - begin) / 1000);
  const shown = [...figures].map(
    ([key, { value, number }]) => `${key} ${Math.round(value * 10) / 10} (case ${number})`,
  );
  print(
    `${found === 0 ? 'ok' : 'FAILED'}: fuzzer ${name}, seed ${seed}: ${passed + found} cases in ${seconds} s, ` +
      `${found} of them found something${shown.map((text) => `; ${text}`).join('')}`,
  );
  return found;
}
