/**
 * Runs random programs for long, or kills schedulers of one that goes on:
 * `node test/schedulers/main.ts [--kill] [--schedulers N] [--seed N] [--minutes N]`. To kill, it needs the built command.
 */
import { parseArgs } from 'node:util';
import { killSchedulers } from './killing.ts';
import { checkModel } from './property.ts';

const { values } = parseArgs({
  options: {
    kill: { type: 'boolean', default: false },
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
const time = minutes * 60_000;
console.log(`${schedulers} schedulers, seed ${seed}`);
if (values.kill) {
  const { kills, rounds, deaths } = await killSchedulers(schedulers, time, seed);
  console.log(`${kills} schedulers were killed, with ${deaths} workers; there were ${rounds} rounds`);
  process.exit();
}
const { programs, wrong } = await checkModel({ schedulers, seed, programs: Number.MAX_SAFE_INTEGER, time });
console.log(wrong ?? `${programs} programs were right`);
process.exit(wrong === null ? 0 : 1);
