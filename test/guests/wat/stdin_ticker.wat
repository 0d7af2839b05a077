;; A process that waits for standard input does not stop another one that ticks. Give it a line after "tick 3".
(module
  (import "lunatic::process" "spawn"
    (func $spawn_process (param $link i64) (param $config i64) (param $module i64) (param $name i32)
          (param $name_length i32) (param $parameters i32) (param $length i32) (param $id i32) (result i32)))
  (import "lunatic::process" "sleep_ms" (func $sleep_ms (param $milliseconds i64)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $vectors i32) (param $count i32) (param $written i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param $fd i32) (param $vectors i32) (param $count i32) (param $read i32) (result i32)))
  (memory (export "memory") 1)
  (global $text_ticker i32 (i32.const 1024))
  (data (i32.const 1024) "ticker\00")
  (global $text_tick i32 (i32.const 1056))
  (data (i32.const 1056) "tick \00")
  (global $text_bytes i32 (i32.const 1088))
  (data (i32.const 1088) "bytes read: \00")
  (global $text_text i32 (i32.const 1120))
  (data (i32.const 1120) "text: \00")

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

  (func $ticker (export "ticker") (param $unused i64)
    (local $count i64)
    (loop $again
      (call $sleep_ms (i64.const 10))
      (local.set $count (i64.add (local.get $count) (i64.const 1)))
      (call $say (global.get $text_tick))
      (call $say_number (local.get $count))
      (br_if $again (i64.lt_u (local.get $count) (i64.const 3)))))

  ;; Reads what standard input has, at most 64 bytes, and writes it.
  (func $main (export "_start")
    (drop (call $spawn (i64.const 0) (global.get $text_ticker) (i64.const 0)))
    (i32.store (i32.const 112) (i32.const 128))
    (i32.store (i32.const 116) (i32.const 64))
    (if (call $fd_read (i32.const 0) (i32.const 112) (i32.const 1) (i32.const 120))
      (then (unreachable)))
    (call $say (global.get $text_bytes))
    (call $say_number (i64.extend_i32_u (i32.load (i32.const 120))))
    (call $say (global.get $text_text))
    (call $say (i32.const 128))))
