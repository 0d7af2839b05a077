/** Runs random programs for long: `node test/schedulers/main.ts [--schedulers N] [--seed N] [--minutes N]`. */
import { parseArgs } from 'node:util';
import { checkModel } from './property.ts';

const { values } = parseArgs({
  options: {
    schedulers: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    minutes: { type: 'string', default: '1' },
  },
});
const [schedulers, seed, minutes] = [values.schedulers, values.seed, values.minutes].map(Number) as [
  number,
  number,
  number,
];
console.log(`${schedulers} schedulers, seed ${seed}`);
const { programs, wrong } = await checkModel({
  schedulers,
  seed,
  programs: Number.MAX_SAFE_INTEGER,
  time: minutes * 60_000,
});
console.log(wrong ?? `${programs} programs were right`);
process.exit(wrong === null ? 0 : 1);
