/** Modules that use every control construct. The differential test runs them as they are and rewritten. */

/** Texts for wabt. */
export const classicModules: Record<string, string> = {
  loops: `(memory (export "m") 1) (global $g (export "g") (mut i32) (i32.const 0))
    (func (export "countdown") (param $n i32) (result i32) (local $s i32)
      (local.set $n (i32.and (local.get $n) (i32.const 0xffff)))
      (loop $l (local.set $s (i32.add (local.get $s) (local.get $n)))
        (br_if $l (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0))))
      (local.get $s))
    (func (export "value") (param i32) (result i32) (loop $l (result i32)
      (local.set 0 (i32.shr_u (local.get 0) (i32.const 1)))
      (if (local.get 0) (then (br $l))) (i32.const 9)))
    (func (export "values") (param i32) (result i32 i64) (loop $l (result i32 i64)
      (local.set 0 (i32.shr_u (local.get 0) (i32.const 1)))
      (br_if $l (local.get 0)) (i32.const 9) (i64.const 8)))
    (func (export "params") (param i32) (result i32) (i32.const 0)
      (local.set 0 (i32.and (local.get 0) (i32.const 0x3fff)))
      (loop $l (param i32) (result i32) (i32.add (local.get 0))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if $l (i32.gt_s (local.get 0) (i32.const 0)))))
    (func (export "while") (param i32) (local i32)
      (block $out (loop $l (br_if $out (i32.ge_u (local.get 1) (i32.and (local.get 0) (i32.const 0xff))))
        (i32.store8 (local.get 1) (local.get 1)) (local.set 1 (i32.add (local.get 1) (i32.const 1)))
        (global.set $g (i32.add (global.get $g) (i32.const 1))) (br $l))))
    (func (export "nested") (param i32) (result i32) (local $i i32) (local $j i32) (local $s i32)
      (local.set 0 (i32.and (local.get 0) (i32.const 0xff)))
      (loop $a (local.set $j (i32.const 0))
        (loop $b (local.set $s (i32.add (local.get $s) (i32.mul (local.get $i) (local.get $j))))
          (local.set $j (i32.add (local.get $j) (i32.const 1)))
          (br_if $b (i32.lt_u (local.get $j) (local.get 0))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $a (i32.lt_u (local.get $i) (local.get 0))))
      (local.get $s))
    (func (export "continue outer") (param i32) (result i32) (local $i i32) (local $s i32)
      (local.set 0 (i32.and (local.get 0) (i32.const 0xff)))
      (block $out (loop $a (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $out (i32.gt_s (local.get $i) (local.get 0)))
        (loop $b (local.set $s (i32.add (local.get $s) (i32.const 3)))
          (br_if $a (i32.and (local.get $s) (i32.const 1))) (br_if $b (i32.and (local.get $s) (i32.const 2)))
          (br $a))))
      (local.get $s))
    (func (export "return from a loop") (param i32) (result i32)
      (loop $l (if (i32.gt_u (local.get 0) (i32.const 1000)) (then (return (local.get 0))))
        (local.set 0 (i32.add (local.get 0) (i32.const 7))) (br $l)) (unreachable))
    (func (export "trap in a loop") (param i32) (result i32)
      (loop $l (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (drop (i32.div_u (i32.const 1) (i32.and (local.get 0) (i32.const 0xff)))) (br $l)) (unreachable))
    (func (export "dead code") (param i32) (result i32)
      (block $x (loop $l (br $x) (br_table $l $x (i32.const 0)) (br_if $l) (br $l)))
      (loop $m (return (i32.const 4)) (br_if $m (i32.const 1))) (i32.const 5))`,
  'counted loops': `(func (export "up to a constant") (param i32) (param $n i32) (result i32) (local $x i32) (local $s i32)
      (local.set $n (i32.and (local.get $n) (i32.const 0x3fff))) (local.set $x (i32.const -200))
      (loop $l (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $x))) 
        (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 1))) (i32.const 300))))
      (i32.add (local.get $s) (local.get $x)))
    (func (export "up to a local") (param i32) (param $n i32) (result i32) (local $x i32) (local $s i32)
      (local.set $n (i32.and (local.get $n) (i32.const 0x3fff))) (local.set $x (i32.const -5))
      (loop $l (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $x))) 
        (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 1))) (local.get $n))))
      (i32.add (local.get $s) (local.get $x)))
    (func (export "up by 4") (param i32) (param $n i32) (result i32) (local $x i32) (local $s i32)
      (local.set $n (i32.and (local.get $n) (i32.const 0x3fff))) (local.set $x (i32.sub (local.get $n) (i32.const 4000)))
      (loop $l (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $x))) 
        (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 4))) (local.get $n))))
      (i32.add (local.get $s) (local.get $x)))
    (func (export "down by 8") (param i32) (param $n i32) (result i32) (local $x i32) (local $s i32)
      (local.set $n (i32.and (local.get $n) (i32.const 0x3fff))) (local.set $x (i32.add (local.get $n) (i32.const 8000)))
      (loop $l (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $x))) 
        (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const -8))) (local.get $n))))
      (i32.add (local.get $s) (local.get $x)))
    (func (export "over the edge") (param i32) (param $n i32) (result i32) (local $x i32) (local $s i32)
      (local.set $n (i32.and (local.get $n) (i32.const 0x3fff))) (local.set $x (i32.sub (local.get $n) (i32.const 40000)))
      (loop $l (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $x))) 
        (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 2))) (local.get $n))))
      (i32.add (local.get $s) (local.get $x)))
    (func (export "up by 3") (param i32) (param $n i32) (result i32) (local $x i32) (local $s i32)
      (local.set $n (i32.and (local.get $n) (i32.const 0x3fff))) (local.set $x (i32.sub (local.get $n) (i32.const 3000)))
      (loop $l (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $x))) 
        (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 3))) (local.get $n))))
      (i32.add (local.get $s) (local.get $x)))
    (func (export "many turns") (param i32) (param $n i32) (result i32) (local $x i32) (local $s i32)
      (local.set $n (i32.and (local.get $n) (i32.const 0x3fff))) (local.set $x (i32.const -100000))
      (loop $l (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $x))) 
        (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 1))) (local.get $n))))
      (i32.add (local.get $s) (local.get $x)))
    (func (export "a bound that moves") (param i32) (param $n i32) (result i32) (local $x i32) (local $s i32)
      (local.set $n (i32.and (local.get $n) (i32.const 0x3fff))) (local.set $x (i32.const -500))
      (loop $l (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $x))) (local.set $n (i32.and (local.get $n) (i32.const 0xff)))
        (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 1))) (local.get $n))))
      (i32.add (local.get $s) (local.get $x)))
    (func (export "a counter that jumps") (param i32) (param $n i32) (result i32) (local $x i32) (local $s i32)
      (local.set $n (i32.and (local.get $n) (i32.const 0x3fff))) (local.set $x (i32.const -100000))
      (loop $l (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $x))) (if (i32.eq (local.get $x) (i32.const -90000)) (then (local.set $x (i32.const -7000))))
        (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 1))) (i32.const 0))))
      (i32.add (local.get $s) (local.get $x)))
    (func (export "left early") (param i32) (param $n i32) (result i32) (local $x i32) (local $s i32)
      (local.set $n (i32.and (local.get $n) (i32.const 0x3fff))) (local.set $x (i32.const -200000))
      (loop $l (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $x))) (if (i32.eq (local.get $x) (i32.const -100000)) (then (return (local.get $s))))
        (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 1))) (i32.const 0))))
      (i32.add (local.get $s) (local.get $x)))
    (func (export "never equal") (param i32) (param $n i32) (result i32) (local $x i32) (local $s i32)
      (local.set $n (i32.and (local.get $n) (i32.const 0x3fff))) (local.set $x (i32.const 0))
      (loop $l (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $x))) (if (i32.eq (local.get $x) (i32.const 100000)) (then (unreachable)))
        (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 2))) (i32.const 1))))
      (i32.add (local.get $s) (local.get $x)))
    (func (export "equal at once") (param i32) (param $n i32) (result i32) (local $x i32) (local $s i32)
      (local.set $n (i32.and (local.get $n) (i32.const 0x3fff))) (local.set $x (i32.const 7))
      (loop $l (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $x))) (drop (i32.div_u (i32.const 1) (i32.sub (local.get $x) (i32.const 100000))))
        (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 1))) (i32.const 7))))
      (i32.add (local.get $s) (local.get $x)))
    (func (export "while below") (param i32) (param $n i32) (result i32) (local $x i32) (local $s i32)
      (local.set $n (i32.rem_s (local.get $n) (i32.const 20000))) (local.set $x (i32.const 0))
      (loop $l (if (i32.lt_s (local.get $x) (local.get $n)) (then (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $x)))(local.set $x (i32.add (local.get $x) (i32.const 1))) (br $l))) )
      (i32.add (local.get $s) (local.get $x)))
    (func (export "while below, unsigned") (param i32) (param $n i32) (result i32) (local $x i32) (local $s i32)
      (local.set $n (i32.rem_s (local.get $n) (i32.const 20000))) (local.set $x (local.get $n))
      (loop $l (if (i32.lt_u (local.get $x) (i32.const 9000)) (then (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $x)))(local.set $x (i32.add (local.get $x) (i32.const 1))) (br $l))) )
      (i32.add (local.get $s) (local.get $x)))
    (func (export "while below from below zero") (param i32) (param $n i32) (result i32) (local $x i32) (local $s i32)
      (local.set $n (i32.rem_s (local.get $n) (i32.const 20000))) (local.set $x (i32.const -30000))
      (loop $l (if (i32.lt_s (local.get $x) (local.get $n)) (then (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $x)))(local.set $x (i32.add (local.get $x) (i32.const 1))) (br $l))) )
      (i32.add (local.get $s) (local.get $x)))
    (func (export "while below for long") (param i32) (param $n i32) (result i32) (local $x i32) (local $s i32)
      (local.set $n (i32.rem_s (local.get $n) (i32.const 20000))) (local.set $x (local.get $n))
      (loop $l (if (i32.lt_s (local.get $x) (i32.const 100000)) (then (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $x)))(local.set $x (i32.add (local.get $x) (i32.const 1))) (br $l))) )
      (i32.add (local.get $s) (local.get $x)))
    (func (export "with a break") (param i32) (param $n i32) (result i32) (local $x i32) (local $s i32)
      (local.set $n (i32.rem_s (local.get $n) (i32.const 20000))) (local.set $x (i32.const 0))
      (loop $l (if (i32.lt_s (local.get $x) (i32.const 30000)) (then (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $x)))(br_if 0 (i32.eq (local.get $x) (local.get $n)))(local.set $x (i32.add (local.get $x) (i32.const 1))) (br $l))) )
      (i32.add (local.get $s) (local.get $x)))
    (func (export "with an else") (param i32) (param $n i32) (result i32) (local $x i32) (local $s i32)
      (local.set $n (i32.rem_s (local.get $n) (i32.const 20000))) (local.set $x (i32.const 0))
      (loop $l (if (i32.lt_s (local.get $x) (local.get $n)) (then (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $x))))(else (br_if 0 (i32.gt_s (local.get $x) (i32.const 30000)))(local.set $x (i32.add (local.get $x) (i32.const 1))) (br $l))) )
      (i32.add (local.get $s) (local.get $x)))
    (func (export "with a continue") (param i32) (param $n i32) (result i32) (local $x i32) (local $s i32)
      (local.set $n (i32.rem_s (local.get $n) (i32.const 20000))) (local.set $x (i32.const 0))
      (loop $l (if (i32.lt_s (local.get $x) (local.get $n)) (then (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $x)))(if (i32.and (local.get $x) (i32.const 1)) (then (local.set $x (i32.add (local.get $x) (i32.const 3))) (br $l)))(local.set $x (i32.add (local.get $x) (i32.const 1))) (br $l))) )
      (i32.add (local.get $s) (local.get $x)))
    (func (export "with another branch behind") (param i32) (param $n i32) (result i32) (local $x i32) (local $s i32)
      (local.set $n (i32.rem_s (local.get $n) (i32.const 20000))) (local.set $x (i32.const 0))
      (loop $l (if (i32.gt_s (local.get $x) (local.get $n)) (then (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $x))))) (block (br_if 0 (i32.gt_s (local.get $x) (i32.const 3000)))(local.set $x (i32.add (local.get $x) (i32.const 1))) (br $l)))
      (i32.add (local.get $s) (local.get $x)))
    (func (export "with the update behind") (param i32) (param $n i32) (result i32) (local $x i32) (local $s i32)
      (local.set $n (i32.rem_s (local.get $n) (i32.const 20000))) (local.set $x (i32.const 0))
      (loop $l (if (i32.lt_s (local.get $x) (local.get $n)) (then (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $x))))) (block (br_if 0 (i32.gt_s (local.get $x) (i32.const 3000)))(local.set $x (i32.add (local.get $x) (i32.const 1))) (br $l)))
      (i32.add (local.get $s) (local.get $x)))
    (func (export "with two updates") (param i32) (param $n i32) (result i32) (local $x i32) (local $s i32)
      (local.set $n (i32.rem_s (local.get $n) (i32.const 20000))) (local.set $x (i32.const 0))
      (loop $l (if (i32.lt_s (local.get $x) (local.get $n)) (then (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $x)))(local.set $x (i32.add (local.get $x) (i32.const 1)))(local.set $x (i32.add (local.get $x) (i32.const 1))) (br $l))) )
      (i32.add (local.get $s) (local.get $x)))`,
  'small loops': `(memory 1)
    (data (i32.const 0) "\\01\\02\\03\\04\\05\\06\\07\\08\\09\\0a\\0b\\0c")
    (func (export "to a zero") (param $at i32) (result i32)
      (local.set $at (i32.and (local.get $at) (i32.const 15)))
      (loop $l (br_if $l (i32.load8_u (local.tee $at (i32.add (local.get $at) (i32.const 1))))))
      (local.get $at))
    (func (export "two ways out") (param $n i32) (result i32) (local $i i32)
      (local.set $n (i32.and (local.get $n) (i32.const 15)))
      (block $far (block $near
        (loop $l (br_if $far (i32.eq (local.get $i) (local.get $n))) (br_if $near (i32.eq (local.get $i) (i32.const 9)))
          (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $l)))
        (return (i32.add (local.get $i) (i32.const 100))))
      (local.get $i))
    (func (export "two ways back") (param $n i32) (result i32) (local $s i32)
      (local.set $n (i32.and (local.get $n) (i32.const 0x1f)))
      (loop $o (local.set $s (i32.add (local.get $s) (i32.const 1000)))
        (loop $l (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br_if $l (i32.and (local.get $n) (i32.const 3)))
          (br_if $o (i32.gt_s (local.get $n) (i32.const 0))) (local.set $s (i32.add (local.get $s) (i32.const 1)))))
      (i32.add (local.get $s) (local.get $n)))
    (func (export "in blocks") (param $n i32) (result i32) (local $s i32)
      (local.set $n (i32.and (local.get $n) (i32.const 0x3f)))
      (block $o (loop $l (block (br_if 0 (i32.and (local.get $n) (i32.const 1))) (br_if $o (i32.eq (local.get $n) (i32.const 40)))
          (local.set $s (i32.add (local.get $s) (local.get $n))))
        (if (local.tee $n (i32.shr_u (local.get $n) (i32.const 1))) (then (br $l)) (else (br $o)))))
      (local.get $s))
    (func (export "a trap on the way") (param $n i32) (result i32) (local $i i32)
      (local.set $n (i32.and (local.get $n) (i32.const 7)))
      (loop $l (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.div_u (i32.const 9) (i32.sub (local.get $n) (local.get $i)))))
      (local.get $i))`,
  tables: `(func (export "interpreter") (param $n i32) (result i32) (local $pc i32) (local $acc i32)
      (local.set $n (i32.and (local.get $n) (i32.const 0x1fff)))
      (block $exit (loop $next
        (block $c (block $b (block $a
          (br_if $exit (i32.gt_u (local.get $pc) (local.get $n)))
          (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
          (br_table $a $b $c $next $next $exit $next
            (select (i32.const 0) (i32.rem_u (local.get $pc) (i32.const 9)) (i32.eq (local.get $pc) (i32.const 5)))))
          (local.set $acc (i32.add (local.get $acc) (i32.const 1))) (br $next))
          (local.set $acc (i32.mul (local.get $acc) (i32.const 3))) (br $next))
        (local.set $acc (i32.xor (local.get $acc) (i32.const 0x5a5a))) (br $next)))
      (local.get $acc))
    (func (export "table of loops") (param $n i32) (result i32) (local $s i32)
      (local.set $n (i32.and (local.get $n) (i32.const 0xfff)))
      (block $exit (loop $a (local.set $s (i32.add (local.get $s) (i32.const 1)))
        (loop $b (local.set $s (i32.add (local.get $s) (i32.const 100)))
          (loop $c (local.set $s (i32.add (local.get $s) (i32.const 10000)))
            (br_if $exit (i32.eqz (local.get $n)))
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (br_table $a $b $c $a (i32.rem_u (local.get $n) (i32.const 5)))))))
      (local.get $s))
    (func (export "with a value") (param $n i32) (result i32)
      (block $v (result i32) (loop $l
        (local.set $n (i32.shr_u (local.get $n) (i32.const 1)))
        (br_if $l (local.get $n)) (br_table $v $v (i32.const 77) (local.get $n))) (unreachable)))
    (func (export "to the function") (param $n i32) (result i32)
      (local.set $n (i32.and (local.get $n) (i32.const 0xff)))
      (loop $l (drop (block $x (result i32) (br_table $x 2 (i32.const 55) (i32.eqz (local.get $n)))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br $l)) (unreachable))`,
  calls: `(type $ii (func (param i32) (result i32))) (table (export "t") 4 funcref)
    (elem (i32.const 0) $fib $even $odd)
    (func $fib (export "fib") (param i32) (result i32)
      (local.set 0 (i32.and (local.get 0) (i32.const 15)))
      (if (result i32) (i32.lt_s (local.get 0) (i32.const 2)) (then (local.get 0)) (else (i32.add
        (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func $even (export "even") (param i32) (result i32)
      (if (result i32) (i32.eqz (i32.and (local.get 0) (i32.const 0xfff))) (then (i32.const 1))
        (else (return_call $odd (i32.sub (i32.and (local.get 0) (i32.const 0xfff)) (i32.const 1))))))
    (func $odd (param i32) (result i32)
      (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
        (else (return_call_indirect (type $ii) (i32.sub (local.get 0) (i32.const 1)) (i32.const 1)))))
    (func (export "indirect") (param i32) (result i32)
      (call_indirect (type $ii) (i32.const 11) (i32.and (local.get 0) (i32.const 3))))
    (func (export "loop of calls") (param i32) (result i32) (local i32)
      (local.set 0 (i32.and (local.get 0) (i32.const 0xff)))
      (loop $l (local.set 1 (i32.add (local.get 1) (call $fib (local.get 0))))
        (br_if $l (i32.gt_s (local.tee 0 (i32.sub (local.get 0) (i32.const 1))) (i32.const 0)))) (local.get 1))
    (func (export "overflow") (param i32) (result i32) (call 5 (i32.add (local.get 0) (i32.const 1))) (i32.add (i32.const 1)))`,
  bulk: `(memory (export "m") 4) (table (export "t") 10 funcref) (elem $e func 0) (data $d "hello world")
    (func (export "fill") (param i32) (memory.fill (i32.and (local.get 0) (i32.const 0xffff)) (i32.const 7) (i32.const 70000)))
    (func (export "copy") (param i32) (memory.copy (i32.const 9) (i32.const 3) (i32.and (local.get 0) (i32.const 0x1ffff))))
    (func (export "beyond") (param i32) (memory.fill (i32.const 0) (i32.const 7) (local.get 0)))
    (func (export "init") (param i32) (memory.init $d (i32.const 100) (i32.const 0) (i32.and (local.get 0) (i32.const 15))))
    (func (export "table") (param i32) (table.init $e (i32.const 1) (i32.const 0) (i32.const 1))
      (table.copy (i32.const 4) (i32.const 0) (i32.const 5)) (table.fill (i32.const 8) (ref.null func) (i32.const 2)))
    (func (export "in a loop") (param i32)
      (local.set 0 (i32.and (local.get 0) (i32.const 0xff)))
      (loop $l (memory.fill (local.get 0) (local.get 0) (i32.const 66000))
        (br_if $l (i32.gt_s (local.tee 0 (i32.sub (local.get 0) (i32.const 1))) (i32.const 0)))))
    (func (export "grow") (result i32) (memory.grow (i32.const 1)))
    (func (export "grow table") (param i32) (result i32) (table.grow (ref.null func) (i32.and (local.get 0) (i32.const 7))))`,
  'segments of the first table and memory': `(type $r (func (result i32))) (table 6 funcref) (memory (export "m") 1)
    (func $a (result i32) (i32.const 10)) (func $b (result i32) (i32.const 20))
    (elem (i32.const 0) $a $b) (elem (i32.const 3) funcref (ref.func $b) (ref.null func))
    (data (i32.const 3) "hello") (data "passive")
    (func (export "at") (param i32) (result i32) (call_indirect (type $r) (i32.rem_u (local.get 0) (i32.const 6))))
    (func (export "tail") (param i32) (result i32) (return_call_indirect (type $r) (i32.and (local.get 0) (i32.const 3))))
    (func (export "get and set") (param i32) (result i32)
      (table.set (i32.const 5) (table.get (i32.and (local.get 0) (i32.const 1))))
      (i32.add (table.size) (call_indirect (type $r) (i32.const 5))))
    (func (export "init") (memory.init 1 (i32.const 20) (i32.const 0) (i32.const 7)) (data.drop 1))`,
  messages: `(import "lunatic::message" "create_data" (func $create (param i64 i64)))
    (import "lunatic::message" "data_size" (func $size (result i64)))
    (memory (export "memory") 1) (func $own (result i64) (i64.const 9))
    (func (export "create") (param i64) (call $create (local.get 0) (i64.const 0)))
    (func (export "size") (result i64) (i64.add (call $own) (call $size)))
    (func (export "read") (param i32) (result i32) (i32.load offset=3 (local.get 0)))`,
  atomics: `(memory (export "m") 1 1) (func (export "add") (param i32) (result i32)
      (local.set 0 (i32.and (local.get 0) (i32.const 0xfc)))
      (loop $l (drop (i32.atomic.rmw.add (local.get 0) (i32.const 3))) (atomic.fence)
        (br_if $l (i32.lt_u (i32.atomic.load offset=4 (local.get 0)) (i32.const 0)))
        (br_if $l (i32.lt_u (i32.atomic.load (local.get 0)) (i32.const 40))))
      (i32.atomic.load (local.get 0)))`,
  memory64: `(memory (export "m") i64 2)
    (func (export "fill") (param i64) (memory.fill (i64.and (local.get 0) (i64.const 0xff)) (i32.const 7) (i64.const 70000)))
    (func (export "beyond") (param i64) (memory.copy (i64.const 0) (i64.const 0) (local.get 0)))
    (func (export "far") (result i32) (i32.load offset=0x1ffff0000 (i64.const 0)))`,
  exceptions: `(tag $e (param i32)) (tag $n) (global $g (export "g") (mut i32) (i32.const 0))
    (func $throw (param i32) (if (local.get 0) (then (throw $e (local.get 0)))))
    (func (export "catch") (param i32) (result i32)
      (try (result i32) (do (call $throw (local.get 0)) (i32.const 1)) (catch $e) (catch_all (i32.const 3))))
    (func (export "loop") (param i32) (result i32) (local i32)
      (local.set 0 (i32.and (local.get 0) (i32.const 0xff)))
      (loop $l (try (do (call $throw (local.get 0)) (throw $n))
          (catch $e (local.set 1 (i32.add (local.get 1))) (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br $l))
          (catch $n)))
      (local.get 1))
    (func (export "rethrow") (param i32) (result i32) (local i32)
      (try (result i32) (do (try (result i32) (do (call $throw (local.get 0)) (i32.const 1))
        (catch $e (drop) (loop $l (br_if $l (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (i32.const 50))))
          (loop $m (if (i32.gt_u (local.get 1) (i32.const 0)) (then
            (local.set 1 (i32.sub (local.get 1) (i32.const 1)))
            (if (i32.eq (local.get 1) (i32.const 3)) (then (rethrow 3))) (br $m))))
          (i32.const 2))))
        (catch $e)))
    (func (export "delegate") (param i32) (result i32) (local i32)
      (try $outer (result i32) (do
        (loop $l (result i32)
          (try (result i32) (do
            (try (do (call $throw (local.get 0))) (delegate $outer))
            (local.set 1 (i32.add (local.get 1) (i32.const 1)))
            (br_if $l (i32.lt_u (local.get 1) (i32.const 20))) (i32.const 4))
          (catch_all (i32.const 5)))))
        (catch $e (i32.add (i32.const 100)))))
    (func (export "delegate to the caller") (param i32) (result i32)
      (loop $l (result i32) (try (result i32) (do (call $throw (local.get 0)) (i32.const 1)) (delegate 1))))
    (func (export "uncaught") (param i32) (global.set $g (i32.add (global.get $g) (i32.const 1))) (call $throw (local.get 0)))`,
  vectors: `(memory (export "m") 1)
    (func (export "sum") (param i32) (result i32) (local v128)
      (local.set 0 (i32.and (local.get 0) (i32.const 0xff0)))
      (loop $l (v128.store (local.get 0) (i32x4.splat (local.get 0)))
        (local.set 1 (i32x4.add (local.get 1) (v128.load (local.get 0))))
        (local.set 1 (i8x16.shuffle 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0 (local.get 1) (local.get 1)))
        (local.set 1 (i16x8.replace_lane 3 (local.get 1) (local.get 0)))
        (local.set 1 (v128.load8_lane 2 (i32.const 5) (local.get 1)))
        (local.set 1 (i32x4.add (local.get 1) (v128.const i32x4 1 2 3 4)))
        (br_if $l (i32.gt_s (local.tee 0 (i32.sub (local.get 0) (i32.const 16))) (i32.const 0))))
      (i32x4.extract_lane 1 (local.get 1)))`,
  numbers: `(func (export "floats") (param f64) (result f64) (local i32)
      (loop $l (local.set 0 (f64.add (f64.mul (local.get 0) (f64.const 1.0000001)) (f64.const 0.5)))
        (br_if $l (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (i32.const 5000)))) (local.get 0))
    (func (export "saturate") (param f64) (result i64) (i64.trunc_sat_f64_s (local.get 0)))
    (func (export "extend") (param i64) (result i64) (i64.extend8_s (local.get 0)))
    (func (export "select") (param i32) (result externref) (select (result externref) (ref.null extern) (ref.null extern) (local.get 0)))
    (func (export "long") (param i64) (result i64) (local i32)
      (loop $l (local.set 0 (i64.add (i64.mul (local.get 0) (i64.const 6364136223846793005)) (i64.const -1)))
        (br_if $l (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (i32.const 3000)))) (local.get 0))`,
};

/** Texts for binaryen. */
export const modernModules: Record<string, string> = {
  try_table: `(tag $e (param i32)) (tag $n)
    (func $throw (param i32) (if (local.get 0) (then (throw $e (local.get 0)))))
    (func (export "catch") (param i32) (result i32)
      (block $h (result i32) (try_table (result i32) (catch $e $h) (call $throw (local.get 0)) (i32.const 1))))
    (func (export "catch in a loop") (param i32) (result i32) (local i32)
      (local.set 0 (i32.and (local.get 0) (i32.const 255)))
      (loop $l
        (block $h (result i32)
          (try_table (catch $e $h) (call $throw (local.get 0)) (return (local.get 1))) (unreachable))
        (local.set 1 (i32.add (local.get 1)))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br $l)) (unreachable))
    (func (export "catch into a loop") (param i32) (result i32) (local i32)
      (loop $l (if (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (i32.const 300)) (then
        (try_table (catch $n $l) (throw $n))))) (local.get 1))
    (func (export "throw again") (param i32) (result i32) (local i32)
      (block $h (result i32) (try_table (result i32) (catch $e $h)
        (loop $m (br_if $m (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (i32.const 9)))
          (throw_ref (block $r (result exnref)
            (try_table (catch_all_ref $r) (call $throw (local.get 0)) (return (i32.const 8))) (unreachable))))
        (unreachable))))`,
  gc: `(rec (type $node (sub (struct (field i32) (field (mut (ref null $node)))))))
    (type $leaf (sub $node (struct (field i32) (field (mut (ref null $node))) (field i64))))
    (type $bytes (array (mut i8))) (type $f (func (param i32) (result i32)))
    (func $inc (type $f) (i32.add (local.get 0) (i32.const 1)))
    (func $loop (type $f) (local i32) (loop $l (br_if $l (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1)))
      (i32.and (local.get 0) (i32.const 255))))) (local.get 1))
    (elem declare func $inc $loop)
    (func (export "list") (param i32) (result i32) (local $head (ref null $node)) (local $s i32)
      (local.set 0 (i32.and (local.get 0) (i32.const 1023)))
      (loop $l (local.set $head (struct.new $node (local.get 0) (local.get $head)))
        (br_if $l (i32.gt_s (local.tee 0 (i32.sub (local.get 0) (i32.const 1))) (i32.const 0))))
      (block $done (loop $l
        (local.set $s (i32.add (local.get $s) (struct.get $node 0 (br_on_null $done (local.get $head)))))
        (local.set $head (struct.get $node 1 (local.get $head))) (br $l)))
      (local.get $s))
    (func (export "cast") (param i32) (result i32) (local (ref null $node))
      (local.set 1 (if (result (ref $node)) (i32.and (local.get 0) (i32.const 1))
        (then (struct.new $leaf (i32.const 5) (ref.null $node) (i64.const 6)))
        (else (struct.new $node (i32.const 7) (ref.null $node)))))
      (block $is (result (ref $leaf))
        (return (struct.get $node 0 (br_on_cast $is (ref null $node) (ref $leaf) (local.get 1)))))
      (i32.wrap_i64 (struct.get $leaf 2)))
    (func (export "array") (param i32) (result i32) (local (ref null $bytes)) (local i32)
      (local.set 1 (array.new $bytes (i32.const 3) (i32.and (local.get 0) (i32.const 0x1ffff))))
      (array.fill $bytes (local.get 1) (i32.const 0) (i32.const 9) (i32.const 1))
      (loop $l (local.set 2 (i32.add (local.get 2) (array.get_u $bytes (local.get 1) (i32.const 0))))
        (br_if $l (i32.lt_u (local.get 2) (i32.const 900))))
      (i32.add (local.get 2) (array.len (local.get 1))))
    (func (export "call_ref") (param i32) (result i32)
      (call_ref $f (local.get 0) (if (result (ref $f)) (i32.and (local.get 0) (i32.const 1))
        (then (ref.func $inc)) (else (ref.func $loop)))))
    (func (export "i31") (param i32) (result i32) (i31.get_s (ref.i31 (local.get 0))))`,
  'imports and own entries of every kind': `(import "e" "f" (func $import (result i32)))
    (import "e" "t" (table $it 4 funcref)) (import "e" "m" (memory $im 1))
    (import "e" "g" (global $ig i32)) (import "e" "x" (global $ix (mut i64)))
    (type $r (func (result i32)))
    (table $t (export "t") 8 funcref) (memory $m (export "m") 1)
    (global $c (export "c") i32 (global.get $ig)) (global $x (export "x") (mut i32) (i32.const 3))
    (global $f (export "f") funcref (ref.func $b)) (export "im" (memory $im)) (export "ix" (global $ix))
    (func $a (result i32) (global.set $x (i32.add (global.get $x) (i32.const 1))) (global.get $c))
    (func $b (result i32) (global.set $ix (i64.add (global.get $ix) (i64.const 7))) (i32.const 20))
    (elem $active (table $t) (global.get $ig) func $a $b) (elem (table $it) (i32.const 1) func $a)
    (elem (table $t) (i32.const 3) funcref (ref.func $b) (ref.null func))
    (elem $passive funcref (ref.func $b) (ref.null func))
    (data (memory $m) (global.get $ig) "own") (data (memory $im) (i32.const 8) "other") (data $passive "passive")
    (func (export "own table") (param i32) (result i32)
      (call_indirect $t (type $r) (i32.and (local.get 0) (i32.const 7))))
    (func (export "imported table") (param i32) (result i32)
      (call_indirect $it (type $r) (i32.and (local.get 0) (i32.const 3))))
    (func (export "tables") (param i32) (result i32)
      (table.copy $t $it (i32.const 4) (i32.const 0) (i32.const 3))
      (table.init $t $passive (i32.const 6) (i32.const 0) (i32.const 1))
      (table.set $it (i32.const 3) (table.get $t (i32.const 6)))
      (table.fill $t (i32.const 7) (ref.func $a) (i32.const 1))
      (drop (table.grow $it (ref.null func) (i32.const 1)))
      (i32.add (table.size $t) (i32.mul (table.size $it) (i32.const 100))))
    (func (export "memories") (param i32) (result i32)
      (local.set 0 (i32.and (local.get 0) (i32.const 0xff)))
      (i32.store $m offset=16 (local.get 0) (i32.const 77))
      (i32.store8 $im offset=2 (local.get 0) (i32.const 78))
      (memory.copy $m $im (i32.const 0x200) (i32.const 0) (i32.const 0x180))
      (memory.init $m $passive (i32.const 0x300) (i32.const 0) (i32.const 7))
      (memory.fill $im (i32.const 0x400) (local.get 0) (i32.const 9))
      (drop (memory.grow $im (i32.const 1)))
      (i32.add (memory.size $m) (i32.mul (memory.size $im) (i32.load $im (i32.const 8)))))`,
  memories: `(memory $a (export "a") 1) (memory $b (export "b") 2)
    (func (export "both") (param i32) (result i32) (local i32)
      (local.set 0 (i32.and (local.get 0) (i32.const 255)))
      (loop $l (i32.store8 $b offset=4 (local.get 1) (local.get 1))
        (memory.copy $a $b (i32.const 0) (i32.const 0) (i32.const 66000))
        (br_if $l (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0))))
      (i32.load $a (i32.const 4)))`,
};

/** Source for the AssemblyScript compiler, with loops as people write them. */
export const assemblyScript = `
export function primes(limit: i32): i32 {
  limit &= 0xfff;
  const sieve = new Array<bool>(limit + 2);
  let count = 0;
  for (let i = 2; i <= limit; i++) {
    if (sieve[i]) continue;
    count++;
    for (let j = i * 2; j <= limit; j += i) sieve[j] = true;
  }
  return count;
}
export function words(n: i32): i32 {
  const seen = new Map<string, i32>();
  for (let i = 0; i < (n & 0xff); i++) {
    const word = 'w' + (i % 17).toString();
    seen.set(word, (seen.has(word) ? seen.get(word) : 0) + i);
  }
  const keys = seen.keys().sort();
  let sum = 0;
  for (let i = 0; i < keys.length; i++) sum = sum * 31 + seen.get(keys[i]);
  return sum;
}
export function state(x: i32): i32 {
  let steps = 0;
  let n = (x & 0xffff) + 1;
  while (n != 1) {
    switch (n % 4) {
      case 0: n /= 4; break;
      case 2: n /= 2; continue;
      default: n = n * 3 + 1;
    }
    if (++steps > 500) break;
  }
  return steps;
}
export function tree(depth: i32): i32 { return build(depth & 7).count(); }
class Node {
  left: Node | null = null;
  right: Node | null = null;
  count(): i32 {
    const left = this.left;
    const right = this.right;
    return 1 + (left ? left.count() : 0) + (right ? right.count() : 0);
  }
}
function build(depth: i32): Node {
  const node = new Node();
  if (depth > 0) {
    node.left = build(depth - 1);
    node.right = build(depth - 1);
  }
  return node;
}
export function outOfRange(n: i32): i32 { return new StaticArray<i32>(4)[n & 7]; }
`;
