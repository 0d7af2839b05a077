import { Random } from '../fuzz/random.ts';
import { attacks } from './attacks.ts';
import { clients } from './clients.ts';
import { crowd } from './crowd.ts';
import { programs } from './guests.ts';
import { beyond, detailsText, type Levels, levelsText, settledLevels } from './levels.ts';
import { Session } from './session.ts';
import { tests } from './tests.ts';
import type { Workload } from './workload.ts';

const WORKLOADS: readonly Workload[] = [programs, crowd, attacks, clients, tests];
/** What is done at the same time. */
const AT_ONCE = 6;
/** Seconds between two measurements, for which all comes to an end. */
const ROUND = 20;
/** The share of the time after which the level is taken: by then everything has been loaded, and has grown to its size. */
const WARM_UP = 0.35;
/** Seconds after which what is done has not ended, and will not. */
const DEADLINE = 120;

interface Options {
  readonly seed: number;
  readonly minutes: number;
  /** The only thing to do; null for all. */
  readonly only: number | null;
  /** For everything temporary. */
  readonly folder: string;
}

/** Waits for something that is to end soon, whatever becomes of it. */
async function inTime(done: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not ended after ${DEADLINE} s`)), DEADLINE * 1000);
  try {
    await Promise.race([done, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Does random things for a time. Returns the number of things that were not as they should be. */
export async function soak({ seed, minutes, only, folder }: Options): Promise<number> {
  const session = await Session.begin(folder);
  const failures: string[] = [];
  const counts = new Map<string, number>();
  let next = 0;
  console.log(`soak for ${minutes} minutes, seed ${seed}`);

  const begin = async (number: number): Promise<void> => {
    const random = new Random(seed, number);
    const workload = random.weighted(WORKLOADS.map((each) => [each.weight, each] as const));
    counts.set(workload.name, (counts.get(workload.name) ?? 0) + 1);
    try {
      await inTime(workload.run(session, random));
    } catch (error) {
      const text = error instanceof Error ? error.stack : String(error);
      failures.push(`${workload.name}, number ${number}: ${text}`);
      console.log(`FAILED: ${failures.at(-1)}\n  again: npm run soak -- --seed ${seed} --only ${number}`);
    }
  };
  if (only !== null) {
    await begin(only);
    await session.end();
    for (const bug of session.bugs) console.log(`a host function failed in ${bug}`);
    return failures.length + session.bugs.length;
  }

  const start = Date.now();
  const end = start + minutes * 60_000;
  const round = Math.min(ROUND * 1000, (minutes * 60_000) / 6);
  let level: Levels | null = null;
  let now: Levels | null = null;
  while (Date.now() < end) {
    const until = Math.min(end, Date.now() + round);
    const slot = async (): Promise<void> => {
      while (Date.now() < until) await begin(next++);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, slot));
    // The scheduler keeps memories of processes that have ended, for later ones.
    session.runtime.scheduler.capacity.reclaim();
    now = await settledLevels(folder, level);
    const elapsed = Date.now() - start;
    console.log(
      `${String(Math.round(elapsed / 1000)).padStart(5)} s, ${next} things done: ${levelsText(now)}`,
    );
    if (level === null && elapsed >= WARM_UP * (end - start)) level = now;
  }
  const left = detailsText(folder);
  await session.end();
  console.log([...counts].map(([name, count]) => `${count} ${name}`).join(', '));
  for (const bug of session.bugs) failures.push(`a host function failed in ${bug}`);
  if (level !== null && now !== null) {
    const high = beyond(level, now);
    failures.push(...high.map((text) => `not back at its level: ${text}`));
    if (high.length > 0) console.log(left);
    console.log(`level: ${levelsText(level)}\n  end: ${levelsText(now)}`);
  }
  for (const text of failures) console.log(`FAILED: ${text}`);
  if (failures.length === 0) console.log('ok: everything has come back to its level');
  return failures.length;
}
