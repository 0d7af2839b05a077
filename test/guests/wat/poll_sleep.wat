;; Sleeping through WASI: poll_oneoff with a clock. Another process runs meanwhile.
(module
  (import "lunatic::message" "create_data" (func $create_data (param $tag i64) (param $capacity i64)))
  (import "lunatic::message" "write_data"
    (func $write_data (param $from i32) (param $length i32) (result i32)))
  (import "lunatic::message" "send" (func $send (param $process i64) (result i32)))
  (import "lunatic::message" "receive"
    (func $receive (param $tags i32) (param $count i32) (param $timeout i64) (result i32)))
  (import "lunatic::process" "spawn"
    (func $spawn_process (param $link i64) (param $config i64) (param $module i64) (param $name i32)
          (param $name_length i32) (param $parameters i32) (param $length i32) (param $id i32) (result i32)))
  (import "lunatic::process" "process_id" (func $process_id (result i64)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $vectors i32) (param $count i32) (param $written i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll_oneoff (param $in i32) (param $out i32) (param $count i32) (param $events i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock_time_get (param $clock i32) (param $precision i64) (param $time i32) (result i32)))
  (memory (export "memory") 1)
  (global $text_counter i32 (i32.const 1024))
  (data (i32.const 1024) "counter\00")
  (global $text_result i32 (i32.const 1056))
  (data (i32.const 1056) "poll_oneoff: \00")
  (global $text_enough i32 (i32.const 1088))
  (data (i32.const 1088) "slept long enough: \00")
  (global $text_events i32 (i32.const 1120))
  (data (i32.const 1120) "events: \00")
  (global $text_data i32 (i32.const 1152))
  (data (i32.const 1152) "user data: \00")
  (global $text_message i32 (i32.const 1184))
  (data (i32.const 1184) "a message is there: \00")

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

  ;; Starts a process at the export $name, which takes one i64. Bytes 64 to 80 hold the parameter: a type byte
  ;; (7E is i64) and 16 bytes of value. Bytes 88 to 95 receive the id.
  (func $spawn (param $link i64) (param $name i32) (param $argument i64) (result i64)
    (i32.store8 (i32.const 64) (i32.const 0x7E))
    (i64.store (i32.const 65) (local.get $argument))
    (i64.store (i32.const 73) (i64.const 0))
    (if (call $spawn_process (local.get $link) (i64.const -1) (i64.const -1)
          (local.get $name) (call $length (local.get $name)) (i32.const 64) (i32.const 17) (i32.const 88))
      (then (unreachable)))
    (i64.load (i32.const 88)))

  ;; Sends a number; a tag of 0 is no tag.
  (func $send_number (param $to i64) (param $tag i64) (param $number i64)
    (i64.store (i32.const 96) (local.get $number))
    (call $create_data (local.get $tag) (i64.const 8))
    (drop (call $write_data (i32.const 96) (i32.const 8)))
    (drop (call $send (local.get $to))))

  (func $counter (export "counter") (param $parent i64)
    (call $send_number (local.get $parent) (i64.const 0) (i64.const 5)))

  (func $now (result i64)
    (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 104)))
    (i64.load (i32.const 104)))

  (func $main (export "_start")
    (local $begin i64)
    (drop (call $spawn (i64.const 0) (global.get $text_counter) (call $process_id)))
    (local.set $begin (call $now))
    ;; A subscription of 48 bytes: user data, kind 0 (clock), clock 1 (monotonic), 30 ms, precision, not absolute.
    (i64.store (i32.const 128) (i64.const 4711))
    (i32.store (i32.const 144) (i32.const 1))
    (i64.store (i32.const 152) (i64.const 30000000))
    (call $say (global.get $text_result))
    (call $say_number (i64.extend_i32_u
      (call $poll_oneoff (i32.const 128) (i32.const 192) (i32.const 1) (i32.const 256))))
    (call $say (global.get $text_enough))
    (call $say_number (i64.extend_i32_u
      (i64.ge_u (i64.sub (call $now) (local.get $begin)) (i64.const 29000000))))
    (call $say (global.get $text_events))
    (call $say_number (i64.extend_i32_u (i32.load (i32.const 256))))
    (call $say (global.get $text_data))
    (call $say_number (i64.load (i32.const 192)))
    ;; The message came while this process slept: a timeout of 0 finds it.
    (call $say (global.get $text_message))
    (call $say_number (i64.extend_i32_u (call $receive (i32.const 0) (i32.const 0) (i64.const 0))))))
