import { guest } from './guest.ts';

/**
 * Process 1 (`_start`) has spawned 2, `worker`, which is linked to it under the tag 9 and registered under two names,
 * and which has spawned 3, `leaf`, and monitors it; and 4, `spin`, which counts at the address 256. 1 sleeps; 2 waits
 * for the tag 7 and has two messages that are none. 3 prints what it receives: the tag 98 makes it compute, 99 trap,
 * 97 end.
 */
export const FAMILY = guest(
  `(func $wait_for_orders
     (i64.store (i32.const 16) (i64.const 7))
     (drop (call $message.receive (i32.const 16) (i32.const 1) (i64.const -1))))
   (func (export "worker")
     (call $process.monitor (call $spawn (i64.const 0) (text "leaf")))
     (call $wait_for_orders))
   (func $count (loop $again
     (i64.store (i32.const 256) (i64.add (i64.load (i32.const 256)) (i64.const 1))) (br $again)))
   (func (export "spin") (call $count))
   (func $crash unreachable)
   (func $handle (param $code i32)
     (if (i64.eq (call $message.get_tag) (i64.const 97)) (then (call $proc_exit (i32.const 0))))
     (if (i64.eq (call $message.get_tag) (i64.const 98)) (then (call $count)))
     (if (i64.eq (call $message.get_tag) (i64.const 99)) (then (call $crash)))
     (call $show_received (local.get $code)))
   (func (export "leaf")
     (i64.store (i32.const 512) (i64.const 0x6f6c6c6568))
     (call $process.die_when_link_dies (i32.const 0))
     (loop $again (call $handle (call $receive)) (br $again)))
   (func $rest (call $process.sleep_ms (i64.const 1000000)))
   (func (export "_start") (local $worker i64)
     (call $process.die_when_link_dies (i32.const 0))
     (local.set $worker (call $spawn (i64.const 9) (text "worker")))
     (call $registry.put (text "worker") (i64.const 0) (local.get $worker))
     (call $registry.put (text "wor\\1bker") (i64.const 0) (local.get $worker))
     (call $send (local.get $worker) (i64.const 1) (i64.const 2))
     (call $send (local.get $worker) (i64.const -3) (i64.const 4))
     (call $process.sleep_ms (i64.const 1))
     (drop (call $spawn (i64.const 0) (text "spin")))
     (call $print (text "ready"))
     (call $rest))`,
);

/** So many processes, `waiter`, that wait; every thousandth has a name. Prints `ready`. */
export const many = (count: number) =>
  guest(
    `(func (export "waiter") (call $forever))
     (func (export "_start") (local $left i32) (local $id i64)
       (local.set $left (i32.const ${count}))
       (loop $next
         (local.set $id (call $spawn (i64.const 0) (text "waiter")))
         (if (i32.eqz (i32.rem_u (local.get $left) (i32.const 1000)))
           (then (call $registry.put (text "thousandth") (i64.const 0) (local.get $id))))
         (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
       (call $process.sleep_ms (i64.const 1))
       (call $print (text "ready"))
       (call $forever))`,
  );
