import type { LoadedModule } from '../../runtime/kernel/module.ts';
import { assembleText } from '../../runtime/wat/index.ts';
import type { Random } from '../fuzz/random.ts';
import { networkGuest } from '../support/network.ts';
import type { Session } from './session.ts';
import type { Workload } from './workload.ts';

/**
 * A program that spawns children of every kind in rounds: they wait, are linked, named and monitored, get messages that they read
 * or do not read, have timers, trap, and are killed. The parcels of the messages are sockets, streams, listeners and modules, of
 * which some arrive and some get lost in each way there is.
 */
const SOURCE = networkGuest(
  `(global $module (mut i64) (i64.const 0))
   (func $make_parcel (local $l i64) (local $port i32)
     (call $expect (call $process.compile_module (blob "module") (i32.const 0xe000)) (i32.const 0))
     (global.set $module (i64.load (i32.const 0xe000)))
     (call $put (i64.const 3) (i64.const 0))
     (local.set $l (call $listen))
     (local.set $port (call $port_of (local.get $l)))
     (drop (call $message.push_tcp_stream (call $connect (local.get $port))))
     (drop (call $message.push_tcp_stream (call $accept (local.get $l))))
     (drop (call $listener.push_tcp_listener (local.get $l)))
     (call $ok (call $networking.udp_bind (i32.const 4) (i32.const 0x80) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0xa0)))
     (drop (call $message.push_udp_socket (call $id)))
     (drop (call $message.push_module (global.get $module))))
   (func (export "waits") (call $forever))
   (func (export "ends") (call $process.sleep_ms (i64.const 1)))
   (func (export "traps") (call $process.sleep_ms (i64.const 1)) unreachable)
   (func (export "computes") (loop $l (br $l)))
   (func (export "reads") (local $i i32)
     (loop $l (drop (call $receive))
       (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3)))))
   (func (export "takes")
     (drop (call $receive_tag (i64.const 3) (i64.const -1)))
     (drop (call $message.take_tcp_stream (i64.const 0)))
     (drop (call $message.take_udp_socket (i64.const 3))))
   (func (export "timers") (local $i i32)
     (loop $l
       (call $message.create_data (i64.const 8) (i64.const 0))
       (drop (call $message.write_data (i32.const 0) (i32.const 500)))
       (drop (call $timer.send_after (call $process.process_id) (i64.extend_i32_u (local.get $i))))
       (if (i32.eq (i32.and (local.get $i) (i32.const 3)) (i32.const 0))
         (then (drop (call $timer.cancel_timer (call $again)))))
       (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 20))) (i32.const 400)))))
   (func $spawn_and_use (param $name i32) (param $length i32) (local $id i64)
     (local.set $id (call $spawn (i64.const 5) (local.get $name) (local.get $length)))
     (call $process.monitor (local.get $id))
     (call $registry.put (local.get $name) (local.get $length) (i64.const 0) (local.get $id))
     (call $send (local.get $id) (i64.const 1) (i64.const 2))
     (call $make_parcel)
     (drop (call $message.send (local.get $id))))
   (func (export "_start") (local $round i32) (local $id i64)
     (call $process.die_when_link_dies (i32.const 0))
     (loop $rounds
       (call $spawn_and_use (text "waits"))
       (call $spawn_and_use (text "ends"))
       (call $spawn_and_use (text "traps"))
       (call $spawn_and_use (text "computes"))
       (call $spawn_and_use (text "reads"))
       (call $spawn_and_use (text "takes"))
       (call $spawn_and_use (text "timers"))
       ;; A parcel that nobody gets, one for itself, and one that is being written at the end.
       (call $make_parcel)
       (drop (call $message.send (i64.const 9999)))
       (call $make_parcel)
       (drop (call $message.send (call $process.process_id)))
       (call $process.sleep_ms (i64.const 5))
       ;; Kills what was named last, and what it has spawned lately.
       (local.set $id (i64.add (i64.const 2) (i64.extend_i32_u (i32.mul (i32.const 7) (local.get $round)))))
       (call $process.kill (local.get $id))
       (call $process.kill (i64.add (local.get $id) (i64.const 3)))
       (call $registry.remove (text "ends"))
       (br_if $rounds (i32.lt_u (local.tee $round (i32.add (local.get $round) (i32.const 1))) (i32.const 12))))
     (call $make_parcel))
   (func $again (result i64)
     (call $message.create_data (i64.const 9) (i64.const 0))
     (call $timer.send_after (call $process.process_id) (i64.const 300)))`,
  undefined,
  { module: new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]) },
);
let module: LoadedModule | null = null;

export const crowd: Workload = {
  name: 'crowd',
  weight: 5,
  async run(session: Session, random: Random): Promise<void> {
    module ??= session.runtime.load(new Uint8Array(await assembleText(SOURCE, 'crowd.wat')));
    const cutAfter = random.chance(0.5) ? random.magnitude(200) : undefined;
    const { exit, cut } = await session.run(module, { cutAfter });
    if (!cut && exit.kind !== 'returned')
      throw new Error(`the crowd ${exit.kind}: ${'message' in exit ? exit.message : ''}`);
  },
};
