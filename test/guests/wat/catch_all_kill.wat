;; A process that catches every exception while it waits cannot swallow a kill. With the older form of exception
;; handling, `try` and `catch_all`.
(module
  (import "lunatic::process" "spawn"
    (func $spawn_process (param $link i64) (param $config i64) (param $module i64) (param $name i32)
          (param $name_length i32) (param $parameters i32) (param $length i32) (param $id i32) (result i32)))
  (import "lunatic::process" "sleep_ms" (func $sleep_ms (param $milliseconds i64)))
  (import "lunatic::process" "process_id" (func $process_id (result i64)))
  (import "lunatic::process" "exists" (func $exists (param $process i64) (result i32)))
  (import "lunatic::process" "kill" (func $kill (param $process i64)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $vectors i32) (param $count i32) (param $written i32) (result i32)))
  (memory (export "memory") 1)
  (global $text_stubborn i32 (i32.const 1024))
  (data (i32.const 1024) "stubborn\00")
  (global $text_swallowed i32 (i32.const 1056))
  (data (i32.const 1056) "the child goes on after a kill\n\00")
  (global $text_ended i32 (i32.const 1088))
  (data (i32.const 1088) "ok: the killed process has ended\n\00")
  (global $text_survived i32 (i32.const 1152))
  (data (i32.const 1152) "the killed process is still alive\n\00")

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

  ;; Sleeps, and does so again whatever happened: it tries to outlive a kill.
  (func $stubborn (export "stubborn") (param $parent i64)
    (loop $again
      (try
        (do (call $sleep_ms (i64.const 60000)))
        (catch_all))
      (call $say (global.get $text_swallowed))
      (br $again)))

  (func $main (export "_start")
    (local $process i64) (local $tries i32)
    (local.set $process (call $spawn (i64.const 0) (global.get $text_stubborn) (call $process_id)))
    (call $sleep_ms (i64.const 10))
    (call $kill (local.get $process))
    (loop $again
      (if (i32.eqz (call $exists (local.get $process)))
        (then
          (call $say (global.get $text_ended))
          (return)))
      (call $sleep_ms (i64.const 1))
      (local.set $tries (i32.add (local.get $tries) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $tries) (i32.const 2000))))
    (call $say (global.get $text_survived))
    (unreachable)))
