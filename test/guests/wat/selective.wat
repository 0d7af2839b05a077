;; Selective receive: by tag, by one of several tags, and everything.
(module
  (import "lunatic::message" "create_data" (func $create_data (param $tag i64) (param $capacity i64)))
  (import "lunatic::message" "write_data"
    (func $write_data (param $from i32) (param $length i32) (result i32)))
  (import "lunatic::message" "read_data" (func $read_data (param $to i32) (param $length i32) (result i32)))
  (import "lunatic::message" "send" (func $send (param $process i64) (result i32)))
  (import "lunatic::message" "receive"
    (func $receive (param $tags i32) (param $count i32) (param $timeout i64) (result i32)))
  (import "lunatic::process" "process_id" (func $process_id (result i64)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $vectors i32) (param $count i32) (param $written i32) (result i32)))
  (memory (export "memory") 1)
  (global $text_two i32 (i32.const 1024))
  (data (i32.const 1024) "tag 2: \00")
  (global $text_two_one i32 (i32.const 1056))
  (data (i32.const 1056) "tag 2 or 1: \00")
  (global $text_minus i32 (i32.const 1088))
  (data (i32.const 1088) "tag -3: \00")
  (global $text_zero i32 (i32.const 1120))
  (data (i32.const 1120) "tag 0: \00")
  (global $text_any i32 (i32.const 1152))
  (data (i32.const 1152) "any: \00")
  (global $text_none i32 (i32.const 1184))
  (data (i32.const 1184) "none\n\00")

  ;; Length of a text that ends with a zero byte.
  (func $length (param $text i32) (result i32)
    (local $end i32)
    (local.set $end (local.get $text))
    (loop $more
      (if (i32.load8_u (local.get $end))
        (then
          (local.set $end (i32.add (local.get $end) (i32.const 1)))
          (br $more))))
    (i32.sub (local.get $end) (local.get $text)))

  ;; Writes a text that ends with a zero byte. Bytes 0 to 11 are the vector and its result.
  (func $say (param $text i32)
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (call $length (local.get $text)))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))

  ;; Writes a number and ends the line. Bytes 16 to 48 hold the digits.
  (func $say_number (param $number i64)
    (local $at i32)
    (i32.store16 (i32.const 47) (i32.const 10))
    (local.set $at (i32.const 47))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at)
        (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $number) (i64.const 10)))))
      (local.set $number (i64.div_u (local.get $number) (i64.const 10)))
      (br_if $digit (i64.ne (local.get $number) (i64.const 0))))
    (call $say (local.get $at)))

  ;; Sends a number; a tag of 0 is no tag.
  (func $send_number (param $to i64) (param $tag i64) (param $number i64)
    (i64.store (i32.const 96) (local.get $number))
    (call $create_data (local.get $tag) (i64.const 8))
    (drop (call $write_data (i32.const 96) (i32.const 8)))
    (drop (call $send (local.get $to))))

  ;; The number in the received message.
  (func $number (result i64)
    (drop (call $read_data (i32.const 96) (i32.const 8)))
    (i64.load (i32.const 96)))

  (func $take (param $what i32) (param $count i32)
    (call $say (local.get $what))
    (if (call $receive (i32.const 128) (local.get $count) (i64.const 0))
      (then (call $say (global.get $text_none)))
      (else (call $say_number (call $number)))))

  (func $main (export "_start")
    (local $self i64)
    (local.set $self (call $process_id))
    (call $send_number (local.get $self) (i64.const 0) (i64.const 10))
    (call $send_number (local.get $self) (i64.const 1) (i64.const 11))
    (call $send_number (local.get $self) (i64.const 2) (i64.const 12))
    (call $send_number (local.get $self) (i64.const -3) (i64.const 13))
    (call $send_number (local.get $self) (i64.const 1) (i64.const 14))
    ;; Tags to wait for: an array of i64.
    (i64.store (i32.const 128) (i64.const 2))
    (i64.store (i32.const 136) (i64.const 1))
    (call $take (global.get $text_two) (i32.const 1))
    (call $take (global.get $text_two) (i32.const 1))
    (call $take (global.get $text_two_one) (i32.const 2))
    (i64.store (i32.const 128) (i64.const -3))
    (call $take (global.get $text_minus) (i32.const 1))
    (i64.store (i32.const 128) (i64.const 0))
    (call $take (global.get $text_zero) (i32.const 1))
    (call $take (global.get $text_any) (i32.const 0))
    (call $take (global.get $text_any) (i32.const 0))
    (call $take (global.get $text_any) (i32.const 0))))
