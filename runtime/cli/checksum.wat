;; Mixes bytes into a checksum of two 64-bit numbers, which stand at 0 and 8. `digest.ts` has it as a binary. Nothing in it is
;; secret or hard to invert: it finds bytes that got lost or changed, not bytes that somebody chose to go unnoticed.
(module
  (memory (export "memory") 1)
  (func $mix (param $state i64) (param $word i64) (result i64)
    (i64.rotl
      (i64.mul (i64.xor (local.get $state) (local.get $word)) (i64.const 0x9e3779b97f4a7c15))
      (i64.const 31)))
  ;; Mixes in the bytes from $at to $end, a positive multiple of 16.
  (func (export "add") (param $at i32) (param $end i32)
    (local $a i64) (local $b i64)
    (local.set $a (i64.load (i32.const 0)))
    (local.set $b (i64.load (i32.const 8)))
    (loop $words
      (local.set $a (call $mix (local.get $a) (i64.load (local.get $at))))
      (local.set $b (call $mix (local.get $b) (i64.load offset=8 (local.get $at))))
      (local.set $a (i64.add (local.get $a) (i64.rotl (local.get $b) (i64.const 17))))
      (br_if $words
        (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
    (i64.store (i32.const 0) (local.get $a))
    (i64.store (i32.const 8) (i64.xor (local.get $b) (local.get $a)))))
