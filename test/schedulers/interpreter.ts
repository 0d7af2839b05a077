/**
 * The guest that runs programs of the model. Its root process obeys orders on standard input; all processes write what they do
 * and what they see on standard output, in records of 40 bytes:
 *
 *     i32 program | i32 slot | i32 operation | i32 kind | i64 a | i64 b | i64 c
 */
import { guest } from '../support/guest.ts';
import { CODES, OPERATIONS, SCRIPTS, SLOTS, TABLE, WORDS } from './program.ts';

export const RECORD = 40;

/** What the root process is told to do. The processes meant are those in the table, from the first on. */
export const Order = { run: 1, exists: 2, end: 3, kill: 4 } as const;

/** What a record tells. `a`, `b` and `c` are named behind it. */
export const RecordKind = {
  /** The process has begun: its id. */
  begin: 1,
  /** It is about to do an operation: the id of the process meant, 0 if it knows none. */
  intent: 2,
  /** It has received: code, tag or id, and the sender's slot and number, `slot << 32 | number`. */
  received: 3,
  /** What an operation gave: a value, and whether there was one. */
  result: 4,
  /** The script is at its end; it receives all that comes now. */
  done: 5,
  /** It is about to end: the number of the exit. */
  exit: 6,
  /** Of the root process: an id, and whether that process exists. */
  exists: 7,
  /** Of the root process: the order is carried out. */
  obeyed: 8,
} as const;

const GO = 98;
const END = 99;

const STATE = 0x1000;
const PARAMS = 0x2000;
const LOG = 0x3000;
const NAME = 0x3100;
const MESSAGE = 0x3200;

const word = (index: number) => `(i32.const ${STATE + 8 * index})`;
const PROGRAM = `(i64.load ${word(0)})`;
const SLOT = `(i64.load ${word(2)})`;
const log = (kind: number, a = '(i64.const 0)', b = '(i64.const 0)', c = '(i64.const 0)') =>
  `(call $log (local.get $i) (i32.const ${kind}) ${a} ${b} ${c})`;

const PARAMETERS = Array.from({ length: WORDS }, (_, i) => `$p${i}`);

/** An operation's code and what it does. It has `$to` (slot or count), `$x` (count, time or name), `$y` (tag or flag) and `$id`. */
const ACTIONS: Readonly<Record<keyof typeof CODES, string>> = {
  spawn: `(local.set $id (call $spawn_slot (local.get $to) (i32.const 1) (select (i64.const 0)
      (i64.extend_i32_u (call $link_tag (local.get $i))) (i32.eqz (local.get $y)))))
    ${log(RecordKind.result, '(local.get $id)')}`,
  send: `(loop $more
      (call $tell (local.get $id) (local.get $y) (i32.add (i32.mul (local.get $i) (i32.const 16)) (local.get $n)))
      (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (local.get $x))))`,
  receive: `(loop $more
      (br_if $skip (i64.eq (call $take (local.get $i) (local.get $y) (i64.extend_i32_u (local.get $x))) (i64.const -2)))
      (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (local.get $to))))`,
  link: '(call $process.link (i64.extend_i32_u (call $link_tag (local.get $i))) (local.get $id))',
  unlink: '(call $process.unlink (local.get $id))',
  monitor: '(call $process.monitor (local.get $id))',
  'stop monitoring': '(call $process.stop_monitoring (local.get $id))',
  kill: '(call $process.kill (local.get $id))',
  exists: log(RecordKind.result, '(i64.extend_i32_u (call $process.exists (local.get $id)))'),
  'die when link dies': '(call $process.die_when_link_dies (local.get $y))',
  put: '(call $registry.put (call $name (local.get $x)) (i32.const 5) (i64.const 0) (local.get $id))',
  get: '(drop (call $look_up (local.get $i) (local.get $x)))',
  remove: '(call $registry.remove (call $name (local.get $x)) (i32.const 5))',
  'send to name': `(local.set $id (call $look_up (local.get $i) (local.get $x)))
    (if (i64.ne (local.get $id) (i64.const 0)) (then
      (call $tell (local.get $id) (local.get $y) (i32.mul (local.get $i) (i32.const 16)))))`,
  sleep: '(call $process.sleep_ms (i64.extend_i32_u (local.get $x)))',
  compute: `(local.set $n (i32.add (i32.mul (local.get $x) (i32.const 200000)) (i32.const 1)))
    (loop $more (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))`,
  exit: `${log(RecordKind.exit, '(i64.extend_i32_u (local.get $x))')}
    (if (i32.eq (local.get $x) (i32.const 1)) (then unreachable))
    (if (i32.eq (local.get $x) (i32.const 2)) (then (call $proc_exit (i32.const 0))))
    (if (i32.eq (local.get $x) (i32.const 3)) (then (call $proc_exit (i32.const 3))))
    (return)`,
};

/** Operations that do nothing to a process that is not known. */
const NEED_ID = ['send', 'link', 'unlink', 'monitor', 'stop monitoring', 'kill', 'exists', 'put'];

/** The guest's text. */
export function interpreterText(): string {
  const needsId = NEED_ID.map(
    (kind) => `(i32.eq (local.get $code) (i32.const ${CODES[kind as keyof typeof CODES]}))`,
  );
  const cases = Object.entries(ACTIONS).map(
    ([kind, action]) =>
      `(if (i32.eq (local.get $code) (i32.const ${CODES[kind as keyof typeof CODES]})) (then ${action}))`,
  );
  return guest(`
  (func $log (param $i i32) (param $kind i32) (param $a i64) (param $b i64) (param $c i64)
    (i32.store (i32.const ${LOG}) (i32.wrap_i64 ${PROGRAM}))
    (i32.store (i32.const ${LOG + 4}) (i32.wrap_i64 ${SLOT}))
    (i32.store (i32.const ${LOG + 8}) (local.get $i))
    (i32.store (i32.const ${LOG + 12}) (local.get $kind))
    (i64.store (i32.const ${LOG + 16}) (local.get $a))
    (i64.store (i32.const ${LOG + 24}) (local.get $b))
    (i64.store (i32.const ${LOG + 32}) (local.get $c))
    (call $write (i32.const ${LOG}) (i32.const ${RECORD})))

  (func $link_tag (param $i i32) (result i32)
    (i32.add (i32.const 1000) (i32.add (i32.mul (i32.wrap_i64 ${SLOT}) (i32.const ${OPERATIONS})) (local.get $i))))

  (func $slot_address (param $slot i32) (result i32)
    (i32.add ${word(TABLE)} (i32.mul (local.get $slot) (i32.const 8))))

  ;; The id of a new process, which is then in the table.
  (func $spawn_slot (param $slot i32) (param $is_child i32) (param $link i64) (result i64) (local $i i32) (local $at i32)
    (loop $next
      (local.set $at (i32.add (i32.const ${PARAMS}) (i32.mul (local.get $i) (i32.const 17))))
      (i32.store8 (local.get $at) (i32.const 0x7e))
      (i64.store offset=1 (local.get $at) (i64.load (i32.add (i32.const ${STATE}) (i32.mul (local.get $i) (i32.const 8)))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${WORDS}))))
    (i64.store (i32.const ${PARAMS + 2 * 17 + 1}) (i64.extend_i32_u (local.get $slot)))
    (i64.store (i32.const ${PARAMS + 3 * 17 + 1}) (i64.extend_i32_u (local.get $is_child)))
    (call $expect (call $process.spawn (local.get $link) (i64.const -1) (i64.const -1) (text "process")
      (i32.const ${PARAMS}) (i32.const ${17 * WORDS}) (i32.const 0xff00)) (i32.const 0))
    (i64.store (call $slot_address (local.get $slot)) (i64.load (i32.const 0xff00)))
    (i64.load (i32.const 0xff00)))

  ;; Sends what tells who has sent it: slot, number and id.
  (func $tell (param $to i64) (param $tag i32) (param $number i32)
    (i32.store (i32.const ${MESSAGE}) (local.get $number))
    (i32.store (i32.const ${MESSAGE + 4}) (i32.wrap_i64 ${SLOT}))
    (i64.store (i32.const ${MESSAGE + 8}) (call $process.process_id))
    (call $message.create_data (i64.extend_i32_u (local.get $tag)) (i64.const 16))
    (drop (call $message.write_data (i32.const ${MESSAGE}) (i32.const 16)))
    (drop (call $message.send (local.get $to))))

  ;; Receives within some time, writes what it was, and returns the message's tag; -1 if it was none, -2 if nothing came.
  (func $take (param $i i32) (param $tag i32) (param $timeout i64) (result i64) (local $code i32) (local $of i64)
    (i64.store (i32.const 0xff20) (i64.extend_i32_u (local.get $tag)))
    (local.set $code (call $message.receive (i32.const 0xff20) (i32.ne (local.get $tag) (i32.const 0)) (local.get $timeout)))
    (if (i32.eq (local.get $code) (i32.const 9027)) (then
      ${log(RecordKind.received, '(i64.const 9027)')}
      (return (i64.const -2))))
    (if (i32.eq (local.get $code) (i32.const 2)) (then
      ${log(RecordKind.received, '(i64.const 2)', '(call $message.get_process_id)')}
      (return (i64.const -1))))
    (local.set $of (call $message.get_tag))
    (if (i32.ne (local.get $code) (i32.const 0)) (then
      ${log(RecordKind.received, '(i64.extend_i32_u (local.get $code))', '(local.get $of)')}
      (return (i64.const -1))))
    (if (i64.eq (local.get $of) (i64.const ${END})) (then (return (i64.const ${END}))))
    (call $expect (call $message.read_data (i32.const ${MESSAGE}) (i32.const 16)) (i32.const 16))
    (i64.store (call $slot_address (i32.load (i32.const ${MESSAGE + 4}))) (i64.load (i32.const ${MESSAGE + 8})))
    ${log(RecordKind.received, '(i64.const 0)', '(local.get $of)', `(i64.load (i32.const ${MESSAGE}))`)}
    (local.get $of))

  ;; Names are of five characters, other ones in each program.
  (func $name (param $x i32) (result i32) (local $program i32)
    (local.set $program (i32.wrap_i64 ${PROGRAM}))
    (i32.store8 (i32.const ${NAME}) (i32.add (i32.const 65) (local.get $x)))
    ${[0, 1, 2, 3]
      .map(
        (i) => `(i32.store8 (i32.const ${NAME + 1 + i}) (i32.add (i32.const 48)
          (i32.and (i32.shr_u (local.get $program) (i32.const ${6 * i})) (i32.const 63))))`,
      )
      .join('\n')}
    (i32.const ${NAME}))

  ;; The id that a name stands for, or 0.
  (func $look_up (param $i i32) (param $x i32) (result i64) (local $found i32)
    (local.set $found (i32.eqz (call $registry.get (call $name (local.get $x)) (i32.const 5) (i32.const 0xff00) (i32.const 0xff08))))
    (if (i32.eqz (local.get $found)) (then (i64.store (i32.const 0xff08) (i64.const 0))))
    ${log(RecordKind.result, '(i64.load (i32.const 0xff08))', '(i64.extend_i32_u (local.get $found))')}
    (i64.load (i32.const 0xff08)))

  (func (export "process") (param ${PARAMETERS.map(() => 'i64').join(' ')})
    (local $i i32) (local $at i32) (local $code i32) (local $to i32) (local $x i32) (local $y i32) (local $id i64) (local $n i32)
    ${PARAMETERS.map((_, i) => `(i64.store ${word(i)} (local.get ${i}))`).join('\n')}
    (i64.store (call $slot_address (i32.wrap_i64 ${SLOT})) (call $process.process_id))
    (local.set $i (i32.const -1))
    ${log(RecordKind.begin, '(call $process.process_id)')}
    ;; The first processes learn of each other.
    (if (i64.eqz (i64.load ${word(3)})) (then
      (call $expect (call $receive_tag (i64.const ${GO}) (i64.const -1)) (i32.const 0))
      (call $expect (call $message.read_data ${word(TABLE)} (i32.const ${8 * SLOTS})) (i32.const ${8 * SLOTS}))))
    (local.set $i (i32.const 0))
    (block $over
      (loop $next
        (br_if $over (i32.ge_u (local.get $i) (i32.const ${OPERATIONS})))
        (local.set $at (i32.add ${word(SCRIPTS)}
          (i32.mul (i32.const 4) (i32.add (i32.mul (i32.wrap_i64 ${SLOT}) (i32.const ${OPERATIONS})) (local.get $i)))))
        (local.set $code (i32.load8_u (local.get $at)))
        (br_if $over (i32.eqz (local.get $code)))
        (local.set $to (i32.load8_u offset=1 (local.get $at)))
        (local.set $x (i32.load8_u offset=2 (local.get $at)))
        (local.set $y (i32.load8_u offset=3 (local.get $at)))
        (local.set $n (i32.const 0))
        (local.set $id (select (i64.load (call $slot_address (local.get $to))) (i64.const 0)
          (i32.lt_u (local.get $to) (i32.const ${SLOTS}))))
        ${log(RecordKind.intent, '(local.get $id)')}
        (block $skip
          (br_if $skip (i32.and (i64.eqz (local.get $id)) ${needsId.reduce((a, b) => `(i32.or ${a} ${b})`)}))
          ${cases.join('\n          ')})
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    ${log(RecordKind.done)}
    (loop $next
      (br_if $next (i64.ne (call $take (local.get $i) (i32.const 0) (i64.const -1)) (i64.const ${END}))))
    ${log(RecordKind.exit)})

  (func $order (local $have i32) (local $got i32)
    (loop $more
      (i32.store (i32.const 0xff40) (i32.add (i32.const ${STATE}) (local.get $have)))
      (i32.store (i32.const 0xff44) (i32.sub (i32.const ${8 * WORDS}) (local.get $have)))
      (call $expect (call $fd_read (i32.const 0) (i32.const 0xff40) (i32.const 1) (i32.const 0xff50)) (i32.const 0))
      (local.set $got (i32.load (i32.const 0xff50)))
      (if (i32.eqz (local.get $got)) (then (call $proc_exit (i32.const 0))))
      (br_if $more (i32.lt_u (local.tee $have (i32.add (local.get $have) (local.get $got))) (i32.const ${8 * WORDS})))))

  (func (export "_start") (local $order i32) (local $i i32) (local $count i32) (local $id i64)
    (loop $next
      (call $order)
      (local.set $order (i32.load ${word(1)}))
      (local.set $count (i32.load ${word(2)}))
      (i64.store ${word(2)} (i64.const -1))
      (local.set $i (i32.const 0))
      (block $over
        (loop $each
          (br_if $over (i32.ge_u (local.get $i) (local.get $count)))
          (local.set $id (i64.load (call $slot_address (local.get $i))))
          (if (i32.eq (local.get $order) (i32.const ${Order.run})) (then
            (local.set $id (call $spawn_slot (local.get $i) (i32.const 0) (i64.const 0)))
            ${log(RecordKind.result, '(local.get $id)')}))
          (if (i32.eq (local.get $order) (i32.const ${Order.exists})) (then
            ${log(RecordKind.exists, '(local.get $id)', '(i64.extend_i32_u (call $process.exists (local.get $id)))')}))
          (if (i32.eq (local.get $order) (i32.const ${Order.end})) (then
            (call $send (local.get $id) (i64.const ${END}) (i64.const 0))))
          (if (i32.eq (local.get $order) (i32.const ${Order.kill})) (then (call $process.kill (local.get $id))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $each)))
      (if (i32.eq (local.get $order) (i32.const ${Order.run})) (then
        (local.set $i (i32.const 0))
        (loop $each
          (call $message.create_data (i64.const ${GO}) (i64.const ${8 * SLOTS}))
          (drop (call $message.write_data ${word(TABLE)} (i32.const ${8 * SLOTS})))
          (drop (call $message.send (i64.load (call $slot_address (local.get $i)))))
          (br_if $each (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $count))))))
      ${log(RecordKind.obeyed, '(i64.extend_i32_u (local.get $order))')}
      (br $next)))`);
}
