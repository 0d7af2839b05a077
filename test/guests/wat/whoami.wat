;; Who and where: process, environment and version.
(module
  (import "lunatic::process" "process_id" (func $process_id (result i64)))
  (import "lunatic::process" "environment_id" (func $environment_id (result i64)))
  (import "lunatic::process" "exists" (func $exists (param $process i64) (result i32)))
  (import "lunatic::version" "major" (func $major (result i32)))
  (import "lunatic::version" "minor" (func $minor (result i32)))
  (import "lunatic::version" "patch" (func $patch (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $vectors i32) (param $count i32) (param $written i32) (result i32)))
  (memory (export "memory") 1)
  (global $text_process i32 (i32.const 1024))
  (data (i32.const 1024) "process: \00")
  (global $text_environment i32 (i32.const 1056))
  (data (i32.const 1056) "environment: \00")
  (global $text_exists i32 (i32.const 1088))
  (data (i32.const 1088) "exists: \00")
  (global $text_nobody i32 (i32.const 1120))
  (data (i32.const 1120) "another exists: \00")
  (global $text_version i32 (i32.const 1152))
  (data (i32.const 1152) "version: \00")

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

  (func $main (export "_start")
    (call $say (global.get $text_process))
    (call $say_number (call $process_id))
    (call $say (global.get $text_environment))
    (call $say_number (call $environment_id))
    (call $say (global.get $text_exists))
    (call $say_number (i64.extend_i32_u (call $exists (call $process_id))))
    (call $say (global.get $text_nobody))
    (call $say_number (i64.extend_i32_u (call $exists (i64.const 987654321))))
    (call $say (global.get $text_version))
    (call $say_number (i64.extend_i32_u (call $major)))
    (call $say (global.get $text_version))
    (call $say_number (i64.extend_i32_u (call $minor)))
    (call $say (global.get $text_version))
    (call $say_number (i64.extend_i32_u (call $patch)))))
