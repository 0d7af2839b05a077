import { beforeAll, expect, test } from 'vitest';
import { guest } from '../support/guest.ts';
import { Inspected, inspectPrograms } from '../support/inspected.ts';

inspectPrograms({ shared: true });

/** 2,000 processes that compute for ever. They wait until all are there: nobody could spawn many in the turns that they would leave. */
const BUSY = guest(
  `(func (export "busy") (call $process.sleep_ms (i64.const 1000)) (loop $again (br $again)))
   (func (export "_start") (local $left i32)
     (local.set $left (i32.const 2000))
     (loop $next (drop (call $spawn (i64.const 0) (text "busy")))
       (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
     (call $print (text "ready"))
     (call $forever))`,
);

/** Milliseconds until people notice that they wait. */
const PROMPT = 300;
const TRIES = 9;

/** The middle one of several times: other tests run beside this one. */
function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.POSITIVE_INFINITY;
}

/** How long it takes each time. */
async function timesOf(act: (process: string) => Promise<unknown>, first: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < TRIES; i++) {
    const began = performance.now();
    await act(`1:${first + i * 50}`);
    times.push(performance.now() - began);
  }
  return times;
}

let run: Inspected;

/** The tests share a program: it takes a while until all of its processes compute. */
beforeAll(async () => {
  // How soon one scheduler answers.
  run = await Inspected.run(BUSY, ['--inspect', '--schedulers', '1']);
  const { until } = await run.connect();
  await run.command.printed('ready\n');
  // They wake in the order in which they were spawned.
  await until('1:2001', ({ state }) => state === 'running');
});

test('killing and pausing one of 2,000 busy processes is answered and seen at once', async () => {
  const { ask, received, stack } = await run.connect();
  const changes = received('processes/changed');
  await ask('watch', { processes: 200 });
  await changes.find(({ started }) => started.some(({ key }) => key === '1:2001'));
  const kill = async (process: string) => {
    await ask('process/kill', { process });
    await changes.find(({ ended }) => ended.some((end) => end.process === process));
  };
  const pause = async (process: string) => {
    await ask('process/pause', { process });
    expect(await stack(process)).toEqual(['busy']);
    await changes.find(({ changed }) =>
      changed.some(({ key, state }) => key === process && state === 'paused'),
    );
  };
  expect(median(await timesOf(kill, 100))).toBeLessThan(PROMPT);
  expect(median(await timesOf(pause, 110))).toBeLessThan(PROMPT);
});

test('all of 2,000 busy processes stand still at once', async () => {
  const { ask, stack } = await run.connect();
  await ask('processes/pause', {});
  const turns = async () => (await ask('process/list', { limit: 1000 })).processes;
  const before = await turns();
  expect(new Set(before.map(({ state }) => state))).toEqual(new Set(['paused']));
  expect(await stack('1:700')).toEqual(['busy']);
  expect(await turns()).toEqual(before);
  await ask('processes/resume', {});
  expect((await turns()).map(({ state }) => state)).not.toContain('paused');
});

test('nothing is told of processes that only compute', async () => {
  const { ask, received } = await run.connect();
  const changes = received('processes/changed');
  await ask('watch', { processes: 50 });
  await changes.find(({ started }) => started.some(({ key }) => key === '1:2001'));
  const told = changes.all.length;
  // The end of a process is told of, and by then several intervals have gone by.
  for (let i = 0; i < 3; i++) {
    const process = `1:${600 + i}`;
    await ask('process/kill', { process });
    await changes.find(({ ended }) => ended.some((end) => end.process === process));
  }
  const changed = changes.all.slice(told).flatMap((change) => change.changed.map(({ key }) => key));
  // Some had not had their first turn.
  expect(changed.filter((key, i) => changed.indexOf(key) !== i)).toEqual([]);
});
