/**
 * `npm run fuzz`: runs fuzzers for a time each, and tells what they have found, with the command that repeats it.
 * CONTRIBUTING.md explains how to use it.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.ts';
import { FUZZERS } from './fuzzers.ts';

const USAGE = `npm run fuzz -- [--minutes M] [--cases N] [--seed S] [--case N] [--gap MS] [--jobs N]
                       [--json FILE] [NAME ...]

  --minutes M  minutes for each fuzzer, default 1
  --cases N    runs so many cases of each fuzzer, however long that takes
  --seed S     decides all cases, default: a random one, which is printed
  --case N     runs only this case, and tells more of it
  --jobs N     runs so many fuzzers at the same time, default 1
  --gap MS     milliseconds of computing for which nobody may wait for a guest, default 40
  --json FILE  also writes how many fuzzers found nothing, and the names of the others: {passed, failed}

${FUZZERS.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`).join('\n')}`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '1' },
    cases: { type: 'string' },
    seed: { type: 'string' },
    case: { type: 'string' },
    gap: { type: 'string', default: '40' },
    jobs: { type: 'string', default: '1' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const unknown = positionals.filter((word) => FUZZERS.every(({ name }) => name !== word));
const number = (text: string): number => {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`"${text}" is not a number`);
  return value;
};
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) process.stderr.write(`There is no fuzzer ${unknown.join(', ')}.\n`);
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : number(values.seed);
const chosen = FUZZERS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const failed: string[] = [];
const left = chosen[Symbol.iterator]();
const work = async () => {
  for (const { name } of left) {
    const found = await fuzz(name, {
      seed,
      ...(values.cases === undefined
        ? { minutes: number(values.minutes) }
        : { minutes: Number.POSITIVE_INFINITY, cases: number(values.cases) }),
      gap: number(values.gap),
      only: values.case === undefined ? null : number(values.case),
    });
    if (found > 0) failed.push(name);
  }
};
await Promise.all(Array.from({ length: number(values.jobs) }, work));
const passed = chosen.length - failed.length;
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ passed, failed }));
process.exit(failed.length === 0 ? 0 : 1);
