import { setTimeout as sleep } from 'node:timers/promises';
import { guest } from '../support/guest.ts';
import { lives, pidsOf, Several } from './several.ts';

/** Workers of the program. */
const WORKERS = 24;
/** Milliseconds within which each round of questions must be over, whoever dies meanwhile. */
const PATIENCE = 20_000;
/** Milliseconds between two kills, at least and at most. */
const PAUSE = [300, 3000] as const;

const LEHMER = 2 ** 31 - 1;

const id = (index: string) => `(i64.load (i32.add (i32.const 0x4000) (i32.shl ${index} (i32.const 3))))`;

/**
 * A root process that asks its workers, again and again, and waits for each: until it answers, or until its end is told. Then another
 * one takes its place. It prints a line for each round, with the number of workers that have died so far. A worker computes a
 * little and spawns a child of its own, which must answer as well.
 */
const SUPERVISOR = guest(`
  (global $deaths (mut i64) (i64.const 0))
  (func (export "child") (call $send (call $receive_value) (i64.const 2) (call $process.process_id)))
  (func (export "worker") (local $i i32) (local $child i64)
    (call $process.die_when_link_dies (i32.const 0))
    (loop $forever
      (call $expect (call $receive_tag (i64.const 1) (i64.const -1)) (i32.const 0))
      (local.set $i (i32.const 20000))
      (loop $more (br_if $more (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
      (local.set $child (call $spawn (i64.const 0) (text "child")))
      (call $process.monitor (local.get $child))
      (call $send (local.get $child) (i64.const 3) (call $process.process_id))
      ;; Its answer, or its end, which may come of a scheduler's; and then the end that follows the answer.
      (if (i32.eqz (call $receive)) (then (drop (call $receive))))
      (call $send (i64.const 1) (i64.const 4) (call $process.process_id))
      (br $forever)))
  (func $hire (param $index i32) (local $worker i64)
    (local.set $worker (call $spawn (i64.const 9) (text "worker")))
    (call $process.monitor (local.get $worker))
    (i64.store (i32.add (i32.const 0x4000) (i32.shl (local.get $index) (i32.const 3))) (local.get $worker)))
  (func $index_of (param $id i64) (result i32) (local $i i32)
    (loop $next
      (if (i64.eq ${id('(local.get $i)')} (local.get $id)) (then (return (local.get $i))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${WORKERS}))))
    (i32.const -1))
  (func $ask_all (local $i i32)
    (loop $next
      (call $send ${id('(local.get $i)')} (i64.const 1) (i64.const 0))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${WORKERS})))))
  (func (export "_start") (local $i i32) (local $code i32) (local $left i32) (local $round i64) (local $index i32)
    (call $process.die_when_link_dies (i32.const 0))
    (loop $next
      (call $hire (local.get $i))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${WORKERS}))))
    (loop $rounds
      (call $ask_all)
      (local.set $left (i32.const ${WORKERS}))
      (loop $answers
        (local.set $code (call $receive))
        (if (i32.eqz (local.get $code)) (then (local.set $left (i32.sub (local.get $left) (i32.const 1)))))
        (if (i32.eq (local.get $code) (i32.const 2)) (then
          (local.set $index (call $index_of (call $message.get_process_id)))
          (if (i32.lt_s (local.get $index) (i32.const 0)) (then unreachable))
          (global.set $deaths (i64.add (global.get $deaths) (i64.const 1)))
          (call $hire (local.get $index))
          ;; The question, or the answer, may be lost with the one who died: the next one is asked anew.
          (call $send ${id('(local.get $index)')} (i64.const 1) (i64.const 0))))
        (br_if $answers (i32.gt_s (local.get $left) (i32.const 0))))
      (local.set $round (i64.add (local.get $round) (i64.const 1)))
      (call $show (text "round") (local.get $round))
      (call $show (text "deaths") (global.get $deaths))
      (br $rounds)))`);

/** Numbers from 0 to 1, as Lehmer makes them. */
function randomNumbers(seed: number): () => number {
  let state = seed % LEHMER;
  return () => {
    state = (state * 48271) % LEHMER;
    return state / LEHMER;
  };
}

/** What came of killing schedulers. */
export interface Killing {
  readonly kills: number;
  readonly rounds: number;
  /** Workers that have died. */
  readonly deaths: number;
}

/**
 * Kills schedulers of a program at random, while its processes talk to each other.
 * @param time milliseconds
 * @param seed a positive integer: the same ones are killed after the same times
 * @throws Error if the program ends, or hangs
 */
export async function killSchedulers(schedulers: number, time: number, seed: number): Promise<Killing> {
  const random = randomNumbers(seed);
  const several = new Several();
  const options = ['--schedulers', String(schedulers), '--place-children', 'apart'];
  const command = await several.start(SUPERVISOR, options, { input: null });
  const last = (label: string) =>
    Number(new RegExp(`.*^${label} (\\d+)$`, 'ms').exec(command.stdout.slice(-2000))?.[1] ?? 0);
  let kills = 0;
  try {
    for (const end = performance.now() + time; performance.now() < end; ) {
      await sleep(PAUSE[0] + random() * (PAUSE[1] - PAUSE[0]));
      const before = last('round');
      // Also those that were started long ago: they have most workers.
      const pids = [...pidsOf(command).values()].filter(lives);
      const pid = pids[Math.floor(random() * pids.length)];
      if (pid !== undefined) {
        process.kill(pid, 'SIGKILL');
        kills++;
      }
      await untilRound(before + 2);
    }
    return { kills, rounds: last('round'), deaths: last('deaths') };
  } finally {
    command.child.kill('SIGTERM');
    await command.ended;
    several.remove();
  }

  /** Waits until rounds go on. The one that was under way may have lost something, so the next one counts. */
  async function untilRound(round: number): Promise<void> {
    const due = performance.now() + PATIENCE;
    while (last('round') < round) {
      if (command.child.exitCode !== null || performance.now() > due) {
        const state = command.child.exitCode === null ? 'hangs' : 'has ended';
        throw new Error(`the program ${state} after ${kills} kills: ${command.stderr.slice(-2000)}`);
      }
      await sleep(10);
    }
  }
}
