import { describe, expect, it } from 'vitest';
import { modernWat, preemptive, Stop, start, type Wasm, wat } from './support.ts';

/**
 * Shapes of code, each a loop or a recursion in `f`, which takes how often to do it. `units` is what a turn does, in
 * about one instruction of compiled code each. A tick is wanted for 10 to 200 us of work, and a unit takes 0.2 to 1 ns: one
 * for 20,000 to 800,000 units. Shapes whose branches differ much may be off by some more.
 */
interface Shape {
  readonly text: string;
  readonly units: number;
  readonly turns?: number;
  /** Assembled by binaryen: `wabt` does not know it, or cannot nest so deep. */
  readonly modern?: boolean;
}

/** Counts local 0 down, and goes on while it is not zero. */
const again = '(br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))';
const loop = (body: string, locals = ''): string =>
  `(func (export "f") (param i32) (local $x i32) ${locals} (loop $l ${body} ${again}))`;
/** About `n` units of work that no compiler could leave out. */
const work = (n: number): string =>
  '(local.set $x (i32.mul (i32.add (local.get $x) (i32.const 7)) (i32.const 31)))'.repeat(n / 2);
const memory = '(memory 1)';
/** A loop of 200 turns, which a local counts that it declares. */
const shortLoop = (local: number): string =>
  `(local i32) (local.set ${local} (i32.const 200))
    (loop $m (br_if $m (local.tee ${local} (i32.sub (local.get ${local}) (i32.const 1)))))`;

/** A loop of 25 long turns, as far as can be known hardly ever entered, with turns that mostly are short. */
const moreTurns = `(local.set $i (i32.const 25))
  (block $skip (br_if $skip (i32.eqz (global.get $true)))
    (loop $m (br_if $m (i32.lt_s (local.tee $i (i32.sub (local.get $i) (i32.const 1))) (i32.const -9)))
      ${work(4000)} (br_if $m (local.get $i)) (global.set $x (local.get $x))))`;
/** The same as the beginning of a function that takes a parameter. */
const moreThanCounted = `(local $i i32) (local $x i32) ${moreTurns}`;
const globals = '(global $true (mut i32) (i32.const 1)) (global $x (mut i32) (i32.const 0))';

/** The dispatch loop of an interpreter: opcode `turn % 4`, of `count` that there are, most of which do much. */
const dispatch = (count: number, ends: (i: number) => string): string => {
  const blocks = Array.from({ length: count }, (_, i) => `(block $b${count - 1 - i} `).join('');
  const names = Array.from({ length: count }, (_, i) => `$b${i}`).join(' ');
  const table = `(br_table ${names} (i32.and (local.get 0) (i32.const 3))))`;
  const handlers = Array.from({ length: count }, (_, i) => {
    const body = i < 4 ? work(6) : `${work(40)} ${ends(i)}`;
    return `${body} (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))) (return)${i < count - 1 ? ')' : ''}`;
  }).join('\n');
  return `(func (export "f") (param i32) (local $x i32) (loop $l ${blocks} ${table} ${handlers}))`;
};

const big = `(func $big (param $x i32) (result i32) (if (i32.gt_s (local.get $x) (i32.const 1000000)) (then ${work(2000)}))
  (i32.add (local.get $x) (i32.const 1)))`;
const called = (name: string): string =>
  `(local.set $x (i32.and (call ${name} (local.get $x)) (i32.const 63)))`;

const shapes: Record<string, Shape> = {
  'an empty loop': { text: loop(''), units: 2 },
  'a loop with work': { text: loop(work(20)), units: 22 },
  'a loop that divides': {
    text: loop('(local.set $x (i32.div_u (i32.const 1000000) (i32.or (local.get $x) (i32.const 1))))'),
    units: 12,
  },
  'branches of which one is taken': {
    text: loop(`(if (i32.and (local.get 0) (i32.const 1)) (then ${work(20)}) (else ${work(20)}))`),
    units: 24,
  },
  'thirty branches that exclude each other': { text: dispatch(30, () => ''), units: 10 },
  'an interpreter with 200 opcodes that call others': {
    modern: true,
    text: `${big} ${dispatch(200, () => called('$big').repeat(5))}`,
    units: 10,
  },
  'an interpreter with 200 opcodes that do much or call a small function': {
    modern: true,
    text: `(func $small (param $x i32) (result i32) ${work(240)} (local.get $x))
      ${dispatch(200, (i) => (i % 2 === 0 ? work(560) : called('$small')))}`,
    units: 10,
  },
  'an interpreter with 200 opcodes that call through a table': {
    modern: true,
    text: `(table 1 funcref) (elem (i32.const 0) $big) (type $t (func (param i32) (result i32))) ${big} ${dispatch(
      200,
      () => '(local.set $x (call_indirect (type $t) (local.get $x) (i32.const 0)))'.repeat(5),
    )}`,
    units: 10,
  },
  'an interpreter with 200 opcodes that call the host': {
    modern: true,
    text: `(import "e" "host" (func $host)) ${dispatch(200, () => '(call $host)')}`,
    units: 10,
  },
  'a host call that is hardly ever made': {
    text: `(import "e" "host" (func $host)) ${loop(`${work(10)} (if (i32.eq (local.get 0) (i32.const -1)) (then (call $host)))`)}`,
    units: 14,
  },
  'a loop that calls a small function': {
    text: `(func $g (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))) ${loop(called('$g'))}`,
    units: 6,
  },
  'a loop that calls a function with a long way that is not taken': {
    text: `${big} ${loop(called('$big'))}`,
    units: 10,
  },
  'a loop that calls a function with 49,000 locals': {
    text: `(func $g (param i32) (result i32) (local ${'i64 '.repeat(49_000)}) (i32.add (local.get 0) (i32.const 1)))
      ${loop(called('$g'))}`,
    units: 10_000,
    turns: 2000,
  },
  'a loop that calls a function with a loop': {
    text: `(func $g (param i32) (result i32) (local $x i32) (local.set $x (i32.const 10))
      (loop $m (br_if $m (local.tee $x (i32.sub (local.get $x) (i32.const 1))))) (local.get 0)) ${loop(called('$g'))}`,
    units: 40,
  },
  'a loop that calls through a table': {
    text: `(table 1 funcref) (elem (i32.const 0) $g) (type $t (func (param i32) (result i32)))
      (func $g (type $t) (i32.add (local.get 0) (i32.const 1)))
      ${loop('(local.set $x (call_indirect (type $t) (local.get $x) (i32.const 0)))')}`,
    units: 10,
  },
  'a loop in whose turns another takes fifty': {
    text: loop(
      `(local.set $i (i32.const 0))
      (loop $m (if (i32.lt_s (local.get $i) (i32.const 50)) (then ${work(8)}
        (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $m))))`,
      '(local $i i32)',
    ),
    units: 50 * 12,
    turns: 50_000,
  },
  'a loop in whose turns another calls a function fifty times': {
    text: `(func $g (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
      ${loop(
        `(local.set $i (i32.const 50))
        (loop $m ${called('$g')} (br_if $m (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))`,
        '(local $i i32)',
      )}`,
    units: 50 * 8,
    turns: 50_000,
  },
  'a search for a short text': {
    // Inner loops that mostly end in their first turn, as a comparison of texts does.
    text: loop(
      `(local.set $i (i32.const 6))
      (block $out (loop $m
        (br_if $out (i32.eq (i32.and (local.get 0) (i32.const 7)) (i32.const 3))) ${work(20)}
        (br_if $out (i32.and (local.get $x) (i32.const 3)))
        (br_if $m (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))`,
      '(local $i i32)',
    ),
    units: 40,
  },
  recursion: {
    text: `(func $fib (param i32) (result i32) (if (result i32) (i32.lt_s (local.get 0) (i32.const 2)) (then (i32.const 1))
        (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
      (func (export "f") (param i32) (drop (call $fib (i32.const 27))))`,
    // fib(27) makes 832,039 calls.
    turns: 832_039,
    units: 8,
  },
  'recursion through a table': {
    text: `(table 1 funcref) (elem (i32.const 0) $fib) (type $t (func (param i32) (result i32)))
      (func $fib (type $t) (if (result i32) (i32.lt_s (local.get 0) (i32.const 2)) (then (i32.const 1))
        (else (i32.add (call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))
          (call_indirect (type $t) (i32.sub (local.get 0) (i32.const 2)) (i32.const 0))))))
      (func (export "f") (param i32) (drop (call $fib (i32.const 27))))`,
    turns: 832_039,
    units: 12,
  },
  'recursion in a loop': {
    text: `(func $tree (param $depth i32) (local $i i32) (if (i32.eqz (local.get $depth)) (then (return)))
        (local.set $i (i32.const 8))
        (loop $l (call $tree (i32.sub (local.get $depth) (i32.const 1)))
          (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
      (func (export "f") (param i32) (call $tree (i32.const 6)))`,
    turns: 299_593,
    units: 12,
  },
  'recursion in a loop of one turn': {
    text: `(func $list (param $length i32) (local $i i32) (if (i32.eqz (local.get $length)) (then (return)))
        (local.set $i (i32.const 1))
        (loop $l (call $list (i32.sub (local.get $length) (i32.const 1)))
          (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
      ${loop('(call $list (i32.const 1000))')}`,
    units: 10_000,
    turns: 1000,
  },
  'small fills': {
    text: `${memory} ${loop('(memory.fill (i32.const 0) (i32.const 1) (i32.const 2000))')}`,
    units: 500,
    turns: 20_000,
  },
  'exceptions that are thrown and caught': {
    text: `(tag $e) (func $g (throw $e)) ${loop('(try (do (call $g)) (catch $e))')}`,
    // Several microseconds each.
    units: 10_000,
    turns: 1000,
  },
  'a try that nothing is thrown in': {
    text: `(tag $e) (func $g (param i32) (result i32) (if (i32.eq (local.get 0) (i32.const -1)) (then (throw $e)))
        (i32.add (local.get 0) (i32.const 1)))
      ${loop(`(try (do ${called('$g')}) (catch $e))`)}`,
    units: 10,
  },
  'calls of functions with loops, in a module with exceptions': {
    text: `(tag $e) (func $g (param i32) (result i32) (local $x i32) (local.set $x (i32.const 10))
        (loop $m (if (i32.eq (local.get $x) (i32.const 99)) (then (throw $e)))
          (br_if $m (local.tee $x (i32.sub (local.get $x) (i32.const 1))))) (local.get 0))
      ${loop(`(try (do ${called('$g')}) (catch $e))`)}`,
    units: 60,
  },
  'a try_table that nothing is thrown in': {
    modern: true,
    text: `(tag $e) (func $g (param i32) (result i32) (if (i32.eq (local.get 0) (i32.const -1)) (then (throw $e)))
        (i32.add (local.get 0) (i32.const 1)))
      ${loop(`(block $h (try_table (catch $e $h) ${called('$g')}))`)}`,
    units: 10,
  },
};

/** How a function calls itself that works more than is counted, until it throws. */
interface Thrown {
  /** What the module has besides. */
  readonly before?: string;
  /** Passes on the depth that is left. */
  readonly call?: (depth: string) => string;
  /** What stands in place of the work, and the call. */
  readonly work?: (depth: string) => string;
  readonly modern?: boolean;
}

/** An exception that comes out of two hundred calls, each of which has worked. */
function thrown(
  how: string,
  { before = '', call, work: own, modern = false }: Thrown,
): Record<string, Shape> {
  const depth = '(i32.sub (local.get 0) (i32.const 1))';
  const body = own
    ? `(local $i i32) (local $x i32) ${own(depth)}`
    : `${moreThanCounted} (if (i32.eqz (local.get 0)) (then (throw $e))) ${call?.(depth)}`;
  const caught = modern
    ? '(block $c (try_table (catch_all $c) (call $g (i32.const 200))))'
    : '(try (do (call $g (i32.const 200))) (catch_all))';
  const text = `${before} (tag $e) (func $g (param i32) ${body}) ${globals} ${loop(caught)}`;
  return { [`an exception ${how}`]: { text, modern, units: 200 * 25 * 4000, turns: 10 } };
}

/** The worst that was found for what the pass cannot know: how many of the branches, calls and turns there really are. */
/** Units for which a load may count: many of them miss all caches, and each of these takes up to 400 ns. */
const MISS = 192;
const loads = (n: number): string => '(local.set $x (i32.load (local.get $x)))'.repeat(n);
/** Code that looks as if it were hardly ever run. */
const unlikely = (body: string): string => `(if (global.get $true) (then ${body}))`;
/** A leaf `$g` that loads, and a loop that calls it. */
const loading = (body: string, more = ''): string =>
  `${memory} ${globals} ${more} (func $g (local $x i32) (local $j i32) ${body}) ${loop('(call $g)')}`;

const hostile: Record<string, Shape> = {
  'a leaf that loads, whose long way is taken': {
    text: loading(unlikely(loads(4000))),
    units: 4000 * MISS,
    turns: 2000,
  },
  'a leaf that loads in many small blocks': {
    text: loading(
      unlikely(`(block ${loads(5)} (br_if 0 (i32.eqz (global.get $true))) ${loads(5)})`.repeat(400)),
    ),
    units: 4000 * MISS,
    turns: 2000,
  },
  'a leaf that loads in ways of which one excludes the other': {
    text: loading(
      unlikely(
        `(if (global.get $true) (then ${loads(10)}) (else (drop (i32.const 1))))
         (block (block (block (br_table 0 1 2 (i32.const 0))) ${loads(10)} (br 1)) (nop))`.repeat(200),
      ),
    ),
    units: 4000 * MISS,
    turns: 2000,
  },
  'a leaf whose short loop of always as many turns loads': {
    text: loading(
      unlikely(
        `(local.set $j (i32.const 500))
         (loop $m ${loads(8)} (br_if $m (local.tee $j (i32.sub (local.get $j) (i32.const 1)))))`,
      ),
    ),
    units: 4000 * MISS,
    turns: 2000,
  },
  'a leaf that calls small functions that load': {
    text: loading(
      unlikely('(call $h) (call $h)'.repeat(100)),
      `(func $h (local $x i32) ${unlikely(loads(20))})`,
    ),
    units: 4000 * MISS,
    turns: 2000,
  },
  'a leaf that calls small functions that load through a table': {
    text: loading(
      unlikely('(call_indirect (i32.const 0))'.repeat(200)),
      `(table 1 funcref) (elem (i32.const 0) $h) (func $h (local $x i32) ${unlikely(loads(20))})`,
    ),
    units: 4000 * MISS,
    turns: 2000,
  },
  'a recursion that loads': {
    text: `${memory} ${globals} (func $g (param $n i32) (local $x i32)
      ${unlikely(loads(20))}
      (if (local.get $n) (then (call $g (i32.sub (local.get $n) (i32.const 1))))))
      ${loop('(call $g (i32.const 199))')}`,
    units: 4000 * MISS,
    turns: 2000,
  },
  'a loop whose turn looks short, and loads': {
    text: `${memory} ${globals} ${loop(
      `(if (i32.lt_s (local.get 0) (i32.const 0)) (then (br $l))) ${unlikely(loads(60))}`,
    )}`,
    units: 60 * MISS,
    turns: 100_000,
  },
  'a leaf of vector loads, whose long way is taken': {
    text: loading(unlikely('(local.set $x (i32x4.extract_lane 0 (v128.load (local.get $x))))'.repeat(4000))),
    units: 4000 * MISS,
    turns: 2000,
  },
  'a loop whose turn may be short but is long': {
    text: loop(`(if (i32.lt_s (local.get 0) (i32.const 0)) (then (br $l))) ${work(4000)}`),
    units: 4000,
    turns: 100_000,
  },
  'an opcode that does more than all others': {
    text: dispatch(40, () => '')
      .replace(work(6), work(4000))
      .replace('i32.const 3', 'i32.const 0'),
    modern: true,
    units: 4000,
    turns: 100_000,
  },
  'a function whose long way is taken': {
    text: `${big.replace('i32.gt_s', 'i32.lt_s')} ${loop(called('$big'))}`,
    units: 2000,
    turns: 100_000,
  },
  'a leaf that divides': {
    text: `(func $g (param $x i64) (result i64) ${'(local.set $x (i64.div_u (i64.const 9) (i64.or (local.get $x) (i64.const 1))))'.repeat(6000)}
      (local.get $x)) ${loop('(drop (call $g (i64.const 5)))')}`,
    units: 60_000,
    turns: 2000,
  },
  ...Object.fromEntries(
    // What one takes was measured, beside what a unit does.
    (
      [
        ['table elements that are set', 80, '(table.set $t (i32.const 5) (ref.func $h))'],
        ['atomic stores', 6, '(i64.atomic.store (i32.const 8) (i64.const 1))'],
        ['fences', 48, '(atomic.fence)'],
        ['waiters that are woken', 40, '(drop (memory.atomic.notify (i32.const 8) (i32.const 1)))'],
      ] as const
    ).map(([name, units, one]) => [
      `a leaf of ${name}, whose long way is taken`,
      {
        modern: true,
        text: `${memory} ${globals} (table $t 10 funcref) (elem declare func $h) (func $h)
          (func $g (if (global.get $true) (then ${one.repeat(4000)}))) ${loop('(call $g)')}`,
        units: 4000 * units,
        turns: 1000,
      },
    ]),
  ),
  'hundreds of short loops in every turn of a loop': {
    text: loop(
      '(local.set $i (i32.const 60000)) (loop (br_if 0 (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))'.repeat(
        300,
      ),
      '(local $i i32)',
    ),
    units: 300 * 60_000 * 2,
    turns: 20,
  },
  'a leaf that fills memory five hundred times': {
    text: `${memory} (func $g ${'(memory.fill (i32.const 0) (i32.const 1) (i32.const 65535))'.repeat(500)}) ${loop('(call $g)')}`,
    units: (500 * 65_535) / 4,
    turns: 20,
  },
  'a leaf that copies in a table five hundred times': {
    text: `(table 66000 funcref)
      (func $g ${'(table.copy (i32.const 0) (i32.const 1) (i32.const 65535))'.repeat(500)}) ${loop('(call $g)')}`,
    units: 500 * 65_535 * 64,
    turns: 1,
  },
  'functions that do less than is counted, but each calls the next sixteen times': {
    text: `${Array.from({ length: 4 }, (_, i) => `(func $f${i} ${`(call $f${i + 1})`.repeat(16)})`).join('')}
      (func $f4 (local $x i32) (if (i32.eqz (local.get $x)) (then ${work(100)}))) ${loop('(call $f0)')}`,
    units: 16 ** 4 * 100,
    turns: 20,
  },
  'callees that work and then throw, caught far above': {
    text: `(tag $e) (func $g0 ${shortLoop(0)} (throw $e))
      ${Array.from({ length: 16 }, (_, i) => `(func $g${i + 1} ${shortLoop(0)} (call $g${i}))`).join('')}
      ${loop('(try (do (call $g16)) (catch_all))')}`,
    units: 17 * 400 + 10_000,
    turns: 5000,
  },
  'recursion that works more than is counted on its way down, and then throws': {
    text: `(tag $e) (func $g (param i32) ${moreThanCounted}
        (if (i32.eqz (local.get 0)) (then (throw $e))) (call $g (i32.sub (local.get 0) (i32.const 1))))
      ${globals} ${loop('(try (do (call $g (i32.const 200))) (catch_all))')}`,
    units: 200 * 25 * 4000,
    turns: 10,
  },
  'functions that work more than is counted, and call the next, the last of which throws': {
    text: `(tag $e) ${globals} (func $g0 (param i32) ${moreThanCounted} (throw $e))
      ${Array.from({ length: 64 }, (_, i) => `(func $g${i + 1} (param i32) ${moreThanCounted} (call $g${i} (i32.const 0)))`).join('')}
      ${loop('(try (do (call $g64 (i32.const 0))) (catch_all))')}`,
    units: 65 * 25 * 4000,
    turns: 20,
  },
  ...thrown('through a table', {
    before: '(table 1 funcref) (elem (i32.const 0) $g) (type $t (func (param i32)))',
    call: (n) => `(call_indirect (type $t) ${n} (i32.const 0))`,
  }),
  ...thrown('caught and thrown again by each caller', {
    call: (n) => `(try (do (call $g ${n})) (catch $e (rethrow 0)))`,
  }),
  ...thrown('caught by each caller, which works more and throws it again', {
    call: (n) => `(try (do (call $g ${n})) (catch_all ${moreTurns} (rethrow 0)))`,
  }),
  ...thrown('delegated past the block that would catch it', {
    call: (n) => `(try (do (try (do (call $g ${n})) (delegate 1))) (catch_all))`,
  }),
  ...thrown('delegated by a block whose own calls are caught', {
    call: (n) =>
      `(try (do (try (do (try (do (call $id ${n}) (drop)) (catch_all)) (call $g ${n})) (delegate 1))) (catch_all))`,
    before:
      '(func $id (param i32) (result i32) (if (i32.eq (local.get 0) (i32.const -5)) (then (throw $e))) (local.get 0))',
  }),
  ...thrown('of another tag than the caller catches', {
    before: '(tag $other)',
    call: (n) => `(try (do (call $g ${n})) (catch $other))`,
  }),
  ...thrown('from within a handler', {
    call: (n) => `(try (do (throw $e)) (catch_all (call $g ${n})))`,
  }),
  ...thrown('behind a branch that takes what was counted from the budget', {
    before: '(func $nop (if (i32.eqz (global.get $true)) (then (throw $e))))',
    call: (n) => `(if (i32.eqz (global.get $true)) (then (call $nop))) (call $g ${n})`,
  }),
  ...thrown('behind a block that is left before that', {
    before: '(func $nop (if (i32.eqz (global.get $true)) (then (throw $e))))',
    call: (n) => `(block $b (br_if $b (global.get $true)) (call $nop)) (call $g ${n})`,
  }),
  ...thrown('behind a table of branches', {
    before: '(func $nop (if (i32.eqz (global.get $true)) (then (throw $e))))',
    call: (n) => `(block $a (block $b (br_table $b $a (i32.const 1))) (call $nop)) (call $g ${n})`,
  }),
  ...thrown('in one of two branches', {
    before: '(func $nop (if (i32.eqz (global.get $true)) (then (throw $e))))',
    call: (n) => `(if (i32.eqz (global.get $true)) (then (call $nop)) (else (call $g ${n})))`,
  }),
  ...thrown('behind two branches, one of which works', {
    before: '(func $nop (if (i32.eqz (global.get $true)) (then (throw $e))))',
    work: (n) => `(if (i32.eqz (local.get 0)) (then (throw $e)))
      (if (global.get $true) (then ${moreTurns}) (else (call $nop))) (call $g ${n})`,
  }),
  ...thrown('in the turn of a loop that follows the work', {
    before: '(func $nop (param i32) (if (i32.eqz (global.get $true)) (then (throw $e))))',
    work: (n) => `(local $turn i32) (loop $turns
      (if (local.get $turn) (then (if (i32.eqz (local.get 0)) (then (throw $e))) (call $g ${n})) (else (call $nop ${n})))
      ${moreTurns} (local.set $turn (i32.const 1)) (br $turns))`,
  }),
  ...thrown('as a reference', {
    modern: true,
    call: (n) =>
      `(throw_ref (block $h (result exnref) (try_table (catch_all_ref $h) (call $g ${n})) (return)))`,
  }),
  ...thrown('past a table of catches for other tags', {
    modern: true,
    before: '(tag $other)',
    call: (n) => `(block $h (try_table (catch $other $h) (call $g ${n})))`,
  }),
  ...thrown('by a function that is called last', {
    modern: true,
    call: (n) => `(try_table (call $h ${n}))`,
    before: '(func $h (param i32) (return_call $g (local.get 0)))',
  }),
  'calls of sixteen functions, each of which calls sixteen that work and throw': {
    text: `(tag $e) ${globals} (func $g0 (param i32) ${moreThanCounted} (throw $e))
      ${Array.from(
        { length: 2 },
        (_, i) => `(func $g${i + 1} (param i32) ${moreThanCounted}
          ${`(try (do (call $g${i} (i32.const 0))) (catch $e))`.repeat(16)} (throw $e))`,
      ).join('')}
      ${loop('(try (do (call $g2 (i32.const 0))) (catch_all))')}`,
    units: (1 + 16 + 16 ** 2) * 25 * 4000,
    turns: 20,
  },
  'a small loop that goes on with the loop around it': {
    text: `(func (export "f") (param i32) (local $x i32)
      (loop $l
        (if (i32.eqz (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))) (then (return)))
        (loop $m
          (br_if $l (local.get 0))
          (br_if $m (local.tee $x (i32.sub (local.get $x) (i32.const 1)))))))`,
    units: 8,
    turns: 50_000_000,
  },
  'a small loop that leaves the function by its label': {
    text: `(func $g (param $n i32)
        (loop $m
          (br_if 1 (i32.eqz (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
          (br_if $m (i32.const 1))))
      ${loop('(call $g (i32.add (i32.const 900) (i32.and (local.get 0) (i32.const 3))))')}`,
    units: 900 * 4,
    turns: 100_000,
  },
  'recursion that works on its way down': {
    text: `(func $g (param i32) ${shortLoop(1)}
        (if (local.get 0) (then (call $g (i32.sub (local.get 0) (i32.const 1))))))
      ${loop('(call $g (i32.const 1000))')}`,
    units: 1000 * 400,
    turns: 100,
  },
};

async function build({ text, modern }: Shape): Promise<Wasm> {
  const source = `(module ${text})`;
  return modern ? modernWat(source) : wat(source);
}

/** Runs a shape, and returns how many units it did between two ticks. */
async function unitsBetweenTicks(shape: Shape | undefined): Promise<number> {
  if (shape === undefined) throw new Error('no such shape');
  const turns = shape.turns ?? 1_000_000;
  const running = start(await build(shape), preemptive, { quietImports: true });
  expect(running.call('f', turns)).toEqual({ result: undefined });
  return (turns * shape.units) / running.asked;
}

async function expectPreempted(shape: Shape | undefined): Promise<void> {
  if (shape === undefined) throw new Error('no such shape');
  const running = start(await build(shape), preemptive, { quietImports: true, stopAfter: 5 });
  expect(() => running.call('f', -1)).toThrow(Stop);
}

describe('a tick is asked for every 10 to 200 us of work', () => {
  it.each(Object.keys(shapes))('%s', async (name) => {
    const units = await unitsBetweenTicks(shapes[name]);
    expect(units).toBeGreaterThanOrEqual(20_000);
    expect(units).toBeLessThanOrEqual(800_000);
    await expectPreempted(shapes[name]);
  });
});

describe('a tick is asked for every few milliseconds of work at least', () => {
  it.each(Object.keys(hostile))('%s', async (name) => {
    const units = await unitsBetweenTicks(hostile[name]);
    expect(units).toBeLessThanOrEqual(64 * 2 ** 18);
    await expectPreempted(hostile[name]);
  });
});

interface Descent {
  readonly text: string;
  /** The number of functions on the stack that one tick may be asked for at the latest. */
  readonly most: number;
}

/** Functions that work more than is counted on their way down, `$depth` of which have called the next one. */
const descents: Record<string, Descent> = {
  'a recursion': {
    most: 168,
    text: `(func $f (export "f") (param i32) ${moreThanCounted}
      (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
      (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1))))))`,
  },
  'a recursion of three functions': {
    most: 168,
    text: [1, 2, 0]
      .map(
        (next, i) => `(func $f${i} (export "f${i}") (param i32) ${moreThanCounted}
          (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
          (if (local.get 0) (then (call $f${next} (i32.sub (local.get 0) (i32.const 1))))))`,
      )
      .join('\n')
      .replace('"f0"', '"f"'),
  },
  'a recursion through a table': {
    most: 168,
    text: `(table 1 funcref) (elem (i32.const 0) $f) (type $t (func (param i32)))
      (func $f (export "f") (type $t) ${moreThanCounted}
        (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
        (if (local.get 0) (then (call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))))`,
  },
  'a recursion through a host function': {
    most: 168,
    text: `(func (export "_lunatic_catch_trap") (export "f") (param i32) ${moreThanCounted}
      (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
      (if (local.get 0) (then (call $catch (i32.sub (local.get 0) (i32.const 1))))))`,
  },
  'a recursion through a host function in a table': {
    most: 168,
    text: `(table 1 funcref) (elem (i32.const 0) $catch) (type $t (func (param i32)))
      (func (export "_lunatic_catch_trap") (export "f") (param i32) ${moreThanCounted}
        (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
        (if (local.get 0) (then (call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))))`,
  },
  // Each does a hundredth of what one of the others does.
  'a chain of two thousand functions': {
    most: 1500,
    text: Array.from(
      { length: 2000 },
      (
        _,
        i,
      ) => `(func $f${i} ${i === 0 ? '(export "f")' : ''} (param i32) ${moreThanCounted.replace(work(4000), work(40))}
        (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
        ${i < 1999 ? `(call $f${i + 1} (local.get 0))` : ''})`,
    ).join('\n'),
  },
};

describe('a tick is asked for while the stack grows, and not when it shrinks again,', () => {
  it.each(Object.keys(descents))('in %s', async (name) => {
    const { text, most } = descents[name] ?? { text: '', most: 0 };
    const source = `(module
      (import "lunatic::trap" "catch" (func $catch (param i32)))
      ${globals} (global $depth (export "depth") (mut i32) (i32.const 0)) ${text})`;
    const running = start(await wat(source), preemptive, {
      quietImports: true,
      stopAfter: 0,
      onImport: (_, { _lunatic_catch_trap: called }, given) => {
        if (typeof called === 'function') called(...given);
      },
    });
    expect(() => running.call('f', 2000)).toThrow(Stop);
    const depth = running.exports['depth'] as WebAssembly.Global;
    expect(depth.value).toBeLessThanOrEqual(most);
  });
});
