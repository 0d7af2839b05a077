;; Mixes bytes into a checksum of 32 bytes, which stands at 0. `checksum.ts` has it as a binary. Nothing in it is secret or hard
;; to invert: it finds bytes that got lost or changed, not bytes that somebody chose to go unnoticed.
(module
  (memory (export "memory") 1)
  ;; Mixes in the bytes from $at to $end, a positive multiple of 32. No step loses anything: what was different stays different.
  (func (export "add") (param $at i32) (param $end i32)
    (local $a v128) (local $b v128) (local $mixed v128)
    (local.set $a (v128.load (i32.const 0)))
    (local.set $b (v128.load (i32.const 16)))
    (loop $blocks
      (local.set $mixed
        (i32x4.mul
          (v128.xor (local.get $a) (v128.load (local.get $at)))
          (v128.const i32x4 0x9e3779b1 0x85ebca77 0xc2b2ae3d 0x27d4eb2f)))
      (local.set $mixed (v128.xor (local.get $mixed) (i32x4.shr_u (local.get $mixed) (i32.const 15))))
      (local.set $b
        (i32x4.mul
          (v128.xor (local.get $b) (v128.load offset=16 (local.get $at)))
          (v128.const i32x4 0x165667b1 0xcc9e2d51 0x1b873593 0x85ebca6b)))
      (local.set $a
        (i32x4.add
          (v128.xor (local.get $b) (i32x4.shr_u (local.get $b) (i32.const 13)))
          (i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 0 1 2 3 (local.get $mixed) (local.get $mixed))))
      (local.set $b (local.get $mixed))
      (br_if $blocks
        (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 32))) (local.get $end))))
    (v128.store (i32.const 0) (local.get $a))
    (v128.store (i32.const 16) (local.get $b))))
