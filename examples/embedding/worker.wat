;; A worker: divides a million by each number that it is sent, and sends the quotient back. Zero makes it trap.
(module
  (import "lunatic::message" "receive" (func $receive (param i32 i32 i64) (result i32)))
  (import "lunatic::message" "get_tag" (func $get_tag (result i64)))
  (import "lunatic::message" "read_data" (func $read_data (param i32 i32) (result i32)))
  (import "lunatic::message" "create_data" (func $create_data (param i64 i64)))
  (import "lunatic::message" "write_data" (func $write_data (param i32 i32) (result i32)))
  (import "lunatic::message" "send" (func $send (param i64) (result i32)))
  (memory (export "memory") 1)

  (func (export "work") (param $home i64)
    (local $tag i64)
    (loop $next
      ;; Any message, without a time limit. The number is eight bytes, the tag says which order it is.
      (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1)))
      (local.set $tag (call $get_tag))
      (drop (call $read_data (i32.const 0) (i32.const 8)))
      (i64.store (i32.const 0) (call $quotient (i64.load (i32.const 0))))
      (call $create_data (local.get $tag) (i64.const 8))
      (drop (call $write_data (i32.const 0) (i32.const 8)))
      (drop (call $send (local.get $home)))
      (br $next)))

  (func $quotient (param $number i64) (result i64)
    (i64.div_s (i64.const 1000000) (local.get $number))))
