/**
 * Instances serve one process after the other. What a process finds is what its module says, whatever those before it have done to
 * memories, globals, tables and segments.
 */
import { expect, test } from 'vitest';
import { guest } from '../support/guest.ts';
import { linesOf } from '../support/program.ts';

interface State {
  /** What the module has. */
  readonly has: string;
  /** A number that tells whether a process finds that as it should be: 0. */
  readonly isDirty: string;
  /** What a process does to it. Its number is in `$n`. */
  readonly soils: string;
}

const TABLE = '(table $t 4 funcref) (elem (table $t) (i32.const 1) func $f)';
const isNull = (element: number) => `(ref.is_null (table.get $t (i32.const ${element})))`;
/** Sums up what is in the memory from 4 KiB on, up to the texts of the helpers. */
const sum = '(call $sum (i32.const 4096) (i32.const 0x10000))';

const states: Readonly<Record<string, State>> = {
  globals: {
    has: '(global $a (mut i64) (i64.const -5)) (global $b (mut f32) (f32.const -0))',
    isDirty: `(i32.or (i64.ne (global.get $a) (i64.const -5))
      (i32.ne (i32.reinterpret_f32 (global.get $b)) (i32.const 0x80000000)))`,
    soils: '(global.set $a (i64.const 1)) (global.set $b (f32.const nan))',
  },
  'a global with a NaN': {
    has: '(global $a (mut f64) (f64.const nan:0x4000000000001))',
    isDirty: '(i64.ne (i64.reinterpret_f64 (global.get $a)) (i64.const 0x7ff4000000000001))',
    soils: '(global.set $a (f64.const 1))',
  },
  'a global with a reference': {
    has: '(global $a (mut funcref) (ref.null func))',
    isDirty: '(i32.eqz (ref.is_null (global.get $a)))',
    soils: '(global.set $a (ref.func $f))',
  },
  'elements that are set': {
    has: TABLE,
    isDirty: `(i32.or (i32.eqz ${isNull(0)}) ${isNull(1)})`,
    soils: '(table.set $t (i32.const 0) (ref.func $f)) (table.set $t (i32.const 1) (ref.null func))',
  },
  'a table that grows': {
    has: '(table $t 4 9 funcref)',
    isDirty: '(i32.ne (table.size $t) (i32.const 4))',
    soils: '(drop (table.grow $t (ref.func $f) (i32.const 1)))',
  },
  'elements that are filled, copied and initialized': {
    has: `${TABLE} (elem $e func $f $f)`,
    isDirty: `(i32.eqz (i32.and ${isNull(0)} (i32.and ${isNull(2)} ${isNull(3)})))`,
    soils: `(table.copy $t $t (i32.const 2) (i32.const 1) (i32.const 1)) (table.init $t $e (i32.const 3) (i32.const 0) (i32.const 1))
      (table.fill $t (i32.const 0) (ref.func $f) (i32.const 1))`,
  },
  'a segment of elements that is dropped': {
    has: `${TABLE} (elem $e func $f)`,
    isDirty: '(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1)) (i32.const 0)',
    soils: '(elem.drop $e)',
  },
  'a segment of data that is dropped': {
    has: '(data $d "hello")',
    isDirty: '(memory.init $d (i32.const 0) (i32.const 0) (i32.const 5)) (i32.const 0)',
    soils: '(data.drop $d)',
  },
  'a memory that is written everywhere': {
    has: '',
    isDirty: sum,
    soils: `(memory.fill (i32.add (i32.const 4096) (i32.mul (local.get $n) (i32.const 997))) (i32.const 7) (i32.const 9000))
      (i32.store8 (i32.const 0xffff) (i32.const 1)) (i64.store (i32.const 4096) (i64.const 1))`,
  },
  'a memory that grows, by nothing now and then': {
    has: '',
    isDirty: `(i32.or ${sum} (i32.ne (memory.size) (i32.const 2)))`,
    soils: `(drop (memory.grow (i32.and (local.get $n) (i32.const 1))))
      (memory.fill (i32.const 4096) (i32.const 7) (i32.const 9000))`,
  },
  'what the start section has done': {
    has: `(global $a (mut i32) (i32.const 0)) (start $start)
      (func $start (global.set $a (i32.add (global.get $a) (i32.const 1)))
        (i32.store (i32.const 4096) (i32.add (i32.load (i32.const 4096)) (i32.const 1))))`,
    isDirty: '(i32.ne (i32.const 2) (i32.add (global.get $a) (i32.load (i32.const 4096))))',
    soils: '(i32.store (i32.const 4096) (i32.const 9))',
  },
};

const CHILDREN = 30;

const program = ({ has, isDirty, soils }: State): string =>
  guest(`
    ${has}
    (elem declare func $f)
    (func $f)
    (func $sum (param $at i32) (param $end i32) (result i32) (local $sum i64)
      (loop $l
        (local.set $sum (i64.add (i64.rotl (local.get $sum) (i64.const 7)) (i64.load (local.get $at))))
        (br_if $l (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (local.get $end))))
      (i64.ne (local.get $sum) (i64.const 0)))
    (func $isDirty (result i32) ${isDirty})
    ;; Every seventh one traps.
    (func (export "child") (local $n i32)
      (local.set $n (i32.rem_u (i32.wrap_i64 (call $process.process_id)) (i32.const 41)))
      (if (call $isDirty) (then (call $print (text "dirty"))))
      ${soils}
      (if (i32.eqz (i32.rem_u (local.get $n) (i32.const 7))) (then unreachable)))
    ;; One child alone, then two at once, and so on.
    (func (export "_start") (local $i i32) (local $k i32)
      (loop $l
        (local.set $k (i32.rem_u (local.get $i) (i32.const 3)))
        (loop $m
          (call $process.monitor (call $spawn (i64.const 0) (text "child")))
          (br_if $m (i32.ge_s (local.tee $k (i32.sub (local.get $k) (i32.const 1))) (i32.const 0))))
        (local.set $k (i32.rem_u (local.get $i) (i32.const 3)))
        (loop $m
          (drop (call $receive))
          (br_if $m (i32.ge_s (local.tee $k (i32.sub (local.get $k) (i32.const 1))) (i32.const 0))))
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${CHILDREN}))))
      (call $print (text "done")))`);

test.each(Object.entries(states))('a process finds %s as if it were the first one', async (_, state) => {
  expect(await linesOf(program(state))).toEqual(['done']);
});
