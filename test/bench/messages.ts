/**
 * Guests that send messages and spawn. Each prints how long its work took by its own clock, and a count of what was
 * done, which travels in the messages and so shows that all were read and passed on.
 */
export const PRELUDE = `
  (import "lunatic::process" "spawn" (func $spawn (param i64 i64 i64 i32 i32 i32 i32 i32) (result i32)))
  (import "lunatic::process" "process_id" (func $self (result i64)))
  (import "lunatic::process" "sleep_ms" (func $sleep (param i64)))
  (import "lunatic::message" "create_data" (func $create_data (param i64 i64)))
  (import "lunatic::message" "write_data" (func $write_data (param i32 i32) (result i32)))
  (import "lunatic::message" "read_data" (func $read_data (param i32 i32) (result i32)))
  (import "lunatic::message" "send" (func $send_message (param i64) (result i32)))
  (import "lunatic::message" "receive" (func $receive_message (param i32 i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "pass") (data (i32.const 8) "tell") (data (i32.const 16) "wait")
  (func $send (param $to i64)
    (call $create_data (i64.const 1) (i64.const 16))
    (drop (call $write_data (i32.const 64) (i32.const 16)))
    (drop (call $send_message (local.get $to))))
  (func $receive
    (drop (call $receive_message (i32.const 0) (i32.const 0) (i64.const -1)))
    (drop (call $read_data (i32.const 64) (i32.const 16))))
  (func $now (result i64) (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 200))) (i64.load (i32.const 200)))
  ;; Prints how long the work took, in nanoseconds, and what was counted: eight bytes each.
  (func $report (param $since i64) (param $count i64)
    (i64.store (i32.const 208) (i64.sub (call $now) (local.get $since)))
    (i64.store (i32.const 216) (local.get $count))
    (i32.store (i32.const 224) (i32.const 208)) (i32.store (i32.const 228) (i32.const 16))
    (drop (call $write (i32.const 1) (i32.const 224) (i32.const 1) (i32.const 232))))
  ;; A message counts, in its first eight bytes, who passed it on.
  (func $count (result i64) (i64.load (i32.const 64)))
  (func $pass_on (param $to i64)
    (i64.store (i32.const 64) (i64.add (call $count) (i64.const 1)))
    (call $send (local.get $to)))
  ;; Spawns the function whose name is at an address with a process id as its parameter.
  (func $spawn_with (param $name i32) (param $id i64) (result i64)
    (i32.store8 (i32.const 128) (i32.const 0x7e)) (i64.store (i32.const 129) (local.get $id))
    (if (call $spawn (i64.const 0) (i64.const -1) (i64.const -1) (local.get $name) (i32.const 4)
          (i32.const 128) (i32.const 17) (i32.const 160)) (then unreachable))
    (i64.load (i32.const 160)))
  (func (export "pass") (param $to i64) (loop $forever (call $receive) (call $pass_on (local.get $to)) (br $forever)))
  (func (export "tell") (param $to i64) (call $pass_on (local.get $to)))
  (func (export "wait") (param i64) (call $receive))
  (func $repeat_wait (param $n i32)
    (if (local.get $n) (then
      (loop $next (drop (call $spawn_with (i32.const 16) (i64.const 0)))
        (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))))`;

/**
 * Asks an echo `n` times, beside `waiting` processes that wait, after half as many times that are not timed: V8 moves what the
 * spawns have left behind in the first of its collections, which they cost, not the messages. Counts the answers.
 */
export const roundTrip = (n: number, waiting: number) => `(module ${PRELUDE}
  (func $ask (param $echo i64) (param $n i32)
    (loop $next (call $send (local.get $echo)) (call $receive)
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "_start") (local $echo i64) (local $since i64) (local $before i64)
    (call $repeat_wait (i32.const ${waiting}))
    (call $sleep (i64.const 0))
    (local.set $echo (call $spawn_with (i32.const 0) (call $self)))
    (call $ask (local.get $echo) (i32.const ${n / 2}))
    (local.set $before (call $count))
    (local.set $since (call $now))
    (call $ask (local.get $echo) (i32.const ${n}))
    (call $report (local.get $since) (i64.sub (call $count) (local.get $before)))))`;

/**
 * A message goes through a ring of 1,000 processes until there were `n` hops, after one round in which they begin.
 * Counts the hops of the 999 others.
 */
export const ring = (n: number) => `(module ${PRELUDE}
  (func (export "_start") (local $next i64) (local $n i32) (local $since i64) (local $before i64)
    (local.set $next (call $self))
    (local.set $n (i32.const 999))
    (loop $spawn (local.set $next (call $spawn_with (i32.const 0) (local.get $next)))
      (br_if $spawn (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.set $n (i32.const ${n / 1000}))
    (call $send (local.get $next)) (call $receive)
    (local.set $before (call $count))
    (local.set $since (call $now))
    (loop $round (call $send (local.get $next)) (call $receive)
      (br_if $round (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $report (local.get $since) (i64.sub (call $count) (local.get $before)))))`;

/** Spawns `n` processes, one after the other, each of which sends one message and ends. Counts the messages. */
export const spawnToExit = (n: number) => `(module ${PRELUDE}
  (func (export "_start") (local $n i32) (local $since i64) (local $told i64)
    (local.set $n (i32.const ${n}))
    (local.set $since (call $now))
    (loop $next (drop (call $spawn_with (i32.const 8) (call $self))) (call $receive)
      (local.set $told (i64.add (local.get $told) (call $count)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $report (local.get $since) (local.get $told))))`;

/** Sleeps for 3 ms, `n` times, beside `busy` processes that compute. Reports each time how late it went on. */
export const sleeper = (n: number, busy: number) => `(module ${PRELUDE}
  (data (i32.const 24) "busy")
  (func (export "busy") (param i64) (local $sum i64)
    (loop $forever
      (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) (i64.const 7)))
      (br $forever)))
  (func (export "_start") (local $n i32) (local $due i64)
    (local.set $n (i32.const ${busy}))
    (loop $spawn (drop (call $spawn_with (i32.const 24) (i64.const 0)))
      (br_if $spawn (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.set $n (i32.const ${n}))
    (loop $next
      (local.set $due (i64.add (call $now) (i64.const 3000000)))
      (call $sleep (i64.const 3))
      (call $report (local.get $due) (i64.extend_i32_u (local.get $n)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))`;

/** Spawns `first` processes that wait, prints, reads a byte, spawns `more`, prints, and waits for good. */
export const waiters = (first: number, more: number) => `(module ${PRELUDE}
  (func (export "_start")
    (call $repeat_wait (i32.const ${first}))
    (call $sleep (i64.const 0))
    (call $report (i64.const 0) (i64.const ${first}))
    (i32.store (i32.const 240) (i32.const 248)) (i32.store (i32.const 244) (i32.const 1))
    (drop (call $read (i32.const 0) (i32.const 240) (i32.const 1) (i32.const 252)))
    (call $repeat_wait (i32.const ${more}))
    (call $sleep (i64.const 0))
    (call $report (i64.const 0) (i64.const ${first + more}))
    (call $receive)))`;

/** Spawns until it is refused, asks the process it spawned last for an answer, and counts those it could spawn. */
export const untilRefused = `(module ${PRELUDE}
  (func (export "_start") (local $spawned i64)
    (i32.store8 (i32.const 128) (i32.const 0x7e)) (i64.store (i32.const 129) (call $self))
    (block $refused
      (loop $next
        (br_if $refused (call $spawn (i64.const 0) (i64.const -1) (i64.const -1) (i32.const 0) (i32.const 4)
          (i32.const 128) (i32.const 17) (i32.const 168)))
        (i64.store (i32.const 160) (i64.load (i32.const 168)))
        (local.set $spawned (i64.add (local.get $spawned) (i64.const 1)))
        (br $next)))
    (call $send (i64.load (i32.const 160)))
    (call $receive)
    (if (i64.ne (call $count) (i64.const 1)) (then unreachable))
    (call $report (i64.const 0) (local.get $spawned))))`;

/** Comes `n` times to a line in a loop, and counts that. */
export const hits = (n: number) => `(module ${PRELUDE}
  (func $count_down (param $n i32) (result i64) (local $hits i64)
    (loop $next
      (local.set $hits (i64.add (local.get $hits) (i64.const 1))) ;; hit
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $hits))
  (func (export "_start") (local $since i64)
    (local.set $since (call $now))
    (call $report (local.get $since) (call $count_down (i32.const ${n})))))`;

/** Spawns `alive` processes that wait, and then computes for ever. */
export const steps = (alive: number) => `(module ${PRELUDE}
  (func (export "_start") (local $n i64)
    (call $repeat_wait (i32.const ${alive}))
    (call $sleep (i64.const 0))
    (loop $next
      (local.set $n (i64.add (local.get $n) (i64.const 1))) ;; stand
      (local.set $n (i64.mul (local.get $n) (i64.const 3)))
      (br $next))))`;
