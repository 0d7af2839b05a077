/**
 * Guests on two schedulers. Where a process is, is seen in the ids of processes that it spawns: the bits from 44 on are the
 * number of its scheduler.
 *
 * Each first reports where the root process and the other one are, and then how long its work took and what it counted.
 */
import { PRELUDE, ring, roundTrip, spawnToExit } from './messages.ts';

/** Lets a program say where its children begin. */
const withPlacing = (program: string) =>
  program.replace(
    '(import',
    '(import "lunatic::scheduler" "place_children" (func $place_children (param i32) (result i32))) (import',
  );

const PLACE = `
  (data (i32.const 32) "noop") (data (i32.const 40) "echo") (data (i32.const 48) "sink") (data (i32.const 56) "idle")
  (func (export "noop") (param i64))
  ;; The number of the scheduler on which this process is.
  (func $where (result i64) (i64.shr_u (call $spawn_with (i32.const 32) (i64.const 0)) (i64.const 44)))
  (func $tell_where (param $to i64)
    (i64.store (i32.const 64) (call $where))
    (call $send (local.get $to)))
  ;; Spawns a process, which first tells where it is, and reports where both are.
  (func $place (param $name i32) (param $where i32) (result i64) (local $id i64)
    (drop (call $place_children (local.get $where)))
    (local.set $id (call $spawn_with (local.get $name) (call $self)))
    (drop (call $place_children (i32.const 1)))
    (call $receive)
    (i64.store (i32.const 300) (call $count))
    (i64.store (i32.const 308) (call $where))
    (i32.store (i32.const 316) (i32.const 300)) (i32.store (i32.const 320) (i32.const 16))
    (drop (call $write (i32.const 1) (i32.const 316) (i32.const 1) (i32.const 324)))
    (local.get $id))
  (func (export "idle") (param $to i64) (call $tell_where (local.get $to)) (call $receive))
  (func (export "echo") (param $to i64)
    (call $tell_where (local.get $to))
    (loop $forever (call $receive) (call $pass_on (local.get $to)) (br $forever)))`;

const placing = (isApart: boolean) => `(i32.const ${isApart ? 2 : 1})`;

/** Asks an echo on another scheduler `n` times, after a tenth as many times that are not timed. */
export const roundTripApart = (n: number) => `(module ${withPlacing(PRELUDE)} ${PLACE}
  (func $ask (param $echo i64) (param $n i32)
    (loop $next (call $send (local.get $echo)) (call $receive)
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "_start") (local $echo i64) (local $since i64) (local $before i64)
    (local.set $echo (call $place (i32.const 40) ${placing(true)}))
    (call $ask (local.get $echo) (i32.const ${n / 10}))
    (local.set $before (call $count))
    (local.set $since (call $now))
    (call $ask (local.get $echo) (i32.const ${n}))
    (call $report (local.get $since) (i64.sub (call $count) (local.get $before)))))`;

/**
 * Sends `n` messages of 64 bytes one way, after a tenth as many that are not timed. Each has a number, and the receiver sees to it
 * that they come in order. Counts what arrived.
 */
export const flood = (n: number, isApart: boolean) => `(module ${withPlacing(PRELUDE)} ${PLACE}
  (func $receive_all (param $n i64) (param $to i64) (local $i i64)
    (loop $next
      (drop (call $receive_message (i32.const 0) (i32.const 0) (i64.const -1)))
      (if (i32.ne (call $read_data (i32.const 400) (i32.const 64)) (i32.const 64)) (then unreachable))
      (if (i64.ne (i64.load (i32.const 400)) (local.get $i)) (then unreachable))
      (br_if $next (i64.lt_u (local.tee $i (i64.add (local.get $i) (i64.const 1))) (local.get $n))))
    (i64.store (i32.const 64) (local.get $i))
    (call $send (local.get $to)))
  (func $send_all (param $n i64) (param $to i64) (local $i i64)
    (loop $next
      (i64.store (i32.const 400) (local.get $i))
      (call $create_data (i64.const 1) (i64.const 64))
      (drop (call $write_data (i32.const 400) (i32.const 64)))
      (drop (call $send_message (local.get $to)))
      (br_if $next (i64.lt_u (local.tee $i (i64.add (local.get $i) (i64.const 1))) (local.get $n))))
    (call $receive))
  (func (export "sink") (param $to i64)
    (call $tell_where (local.get $to))
    (call $receive_all (i64.const ${n / 10}) (local.get $to))
    (call $receive_all (i64.const ${n}) (local.get $to)))
  (func (export "_start") (local $sink i64) (local $since i64)
    (local.set $sink (call $place (i32.const 48) ${placing(isApart)}))
    (call $send_all (i64.const ${n / 10}) (local.get $sink))
    (local.set $since (call $now))
    (call $send_all (i64.const ${n}) (local.get $sink))
    (call $report (local.get $since) (call $count))))`;

/** The programs of one scheduler, each beside a process that waits on another one if there is another one. */
export const besideIdle = {
  roundTrip: (n: number) => besideAnother(roundTrip(n, 0)),
  ring: (n: number) => besideAnother(ring(n)),
  spawn: (n: number) => besideAnother(spawnToExit(n)),
};

function besideAnother(program: string): string {
  const named = withPlacing(program).replace('(func (export "_start")', '(func $measured');
  return `${named.slice(0, named.lastIndexOf(')'))} ${PLACE}
    (func (export "_start") (drop (call $place (i32.const 56) ${placing(true)})) (call $measured)))`;
}

/**
 * Spawns processes until it is refused, at most `most`, and sends a message through all of them: each knows the one that was
 * spawned before it. Counts those that have passed it on, and reports how long all of that took.
 */
export const chain = (most: number) => `(module ${PRELUDE}
  (func (export "_start") (local $last i64) (local $since i64) (local $spawned i64)
    (local.set $since (call $now))
    (local.set $last (call $self))
    (i32.store8 (i32.const 128) (i32.const 0x7e))
    (block $over
      (loop $next
        (i64.store (i32.const 129) (local.get $last))
        (br_if $over (call $spawn (i64.const 0) (i64.const -1) (i64.const -1) (i32.const 0) (i32.const 4)
          (i32.const 128) (i32.const 17) (i32.const 160)))
        (local.set $last (i64.load (i32.const 160)))
        (br_if $next (i64.lt_u (local.tee $spawned (i64.add (local.get $spawned) (i64.const 1))) (i64.const ${most})))))
    (call $report (local.get $since) (local.get $spawned))
    (i64.store (i32.const 64) (i64.const 0))
    (call $send (local.get $last))
    (call $receive)
    (call $report (local.get $since) (call $count))))`;
