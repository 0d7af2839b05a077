;; A module that other guests compile while they run.
(module
  (import "lunatic::message" "create_data" (func $create_data (param i64 i64)))
  (import "lunatic::message" "write_data" (func $write_data (param i32 i32) (result i32)))
  (import "lunatic::message" "send" (func $send (param i64) (result i32)))
  (memory (export "memory") 1)

  ;; Sends a + b to the process `to`, as four little-endian bytes.
  (func $add (export "add") (param $to i64) (param $a i32) (param $b i32)
    (i32.store (i32.const 0) (i32.add (local.get $a) (local.get $b)))
    (call $create_data (i64.const 0) (i64.const 4))
    (drop (call $write_data (i32.const 0) (i32.const 4)))
    (drop (call $send (local.get $to)))))
