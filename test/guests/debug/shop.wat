;; Two workers that price what they are sent. Tests of the debugger find lines by the comments at their ends.
(module
  (import "lunatic::message" "receive" (func $receive (param i32 i32 i64) (result i32)))
  (import "lunatic::message" "read_data" (func $read_data (param i32 i32) (result i32)))
  (import "lunatic::process" "spawn" (func $spawn (param i64 i64 i64 i32 i32 i32 i32 i32) (result i32)))
  (import "lunatic::process" "sleep_ms" (func $sleep (param i64)))
  (memory (export "memory") 1)
  (data (i32.const 64) "worker")
  (global $total (mut i32) (i32.const 0))
  (func $price (param $count i32) (result i32) (local $sum i32)
    (local.set $sum (i32.mul (local.get $count) (i32.const 3))) ;; sum
    (if (i32.gt_s (local.get $sum) (i32.const 30)) ;; check
      (then
        (local.set $sum (i32.sub (local.get $sum) (i32.const 5))))) ;; discount
    (local.get $sum) ;; result
  )
  (func (export "worker") (local $sum i32)
    (loop $again
      (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1))) ;; receive
      (drop (call $read_data (i32.const 0) (i32.const 4))) ;; read
      (local.set $sum (call $price (i32.load (i32.const 0)))) ;; price
      (global.set $total (i32.add (global.get $total) (local.get $sum))) ;; total
      (br $again)))
  (func $hire
    (drop (call $spawn (i64.const 0) (i64.const -1) (i64.const -1) (i32.const 64) (i32.const 6) (i32.const 0) (i32.const 0) (i32.const 16))))
  (func (export "_start")
    (call $hire)
    (call $hire)
    (call $sleep (i64.const 1000000000))))
