;; A process that catches every exception does not catch traps: those of the guest itself, and those of host
;; functions. With the older form of exception handling. A thrown exception it does catch.
(module
  (import "lunatic::message" "read_data" (func $read_data (param $to i32) (param $length i32) (result i32)))
  (import "lunatic::message" "get_tag" (func $get_tag (result i64)))
  (import "lunatic::message" "receive"
    (func $receive (param $tags i32) (param $count i32) (param $timeout i64) (result i32)))
  (import "lunatic::process" "spawn"
    (func $spawn_process (param $link i64) (param $config i64) (param $module i64) (param $name i32)
          (param $name_length i32) (param $parameters i32) (param $length i32) (param $id i32) (result i32)))
  (import "lunatic::process" "die_when_link_dies" (func $die_when_link_dies (param $die i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $vectors i32) (param $count i32) (param $written i32) (result i32)))
  (memory (export "memory") 1)
  (tag $oops)
  (global $text_catcher i32 (i32.const 1024))
  (data (i32.const 1024) "catcher\00")
  (global $text_caught i32 (i32.const 1056))
  (data (i32.const 1056) "caught\n\00")
  (global $text_died i32 (i32.const 1088))
  (data (i32.const 1088) "link died: \00")
  (global $text_lived i32 (i32.const 1120))
  (data (i32.const 1120) "the child goes on after a trap\n\00")

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

  ;; 0 throws, 1 traps itself, 2 calls a host function that traps, for it receives no data.
  (func $fails (param $how i64)
    (if (i64.eqz (local.get $how)) (then (throw $oops)))
    (if (i64.eq (local.get $how) (i64.const 1)) (then (unreachable)))
    (drop (call $read_data (i32.const 0) (i32.const 8))))

  (func $catcher (export "catcher") (param $how i64)
    (try
      (do (call $fails (local.get $how)))
      (catch_all (call $say (global.get $text_caught)))))

  (func $watch (param $how i64)
    (local $process i64)
    (drop (call $spawn (i64.add (local.get $how) (i64.const 10)) (global.get $text_catcher) (local.get $how)))
    (if (i32.eq (call $receive (i32.const 0) (i32.const 0) (i64.const 1000)) (i32.const 1))
      (then
        (call $say (global.get $text_died))
        (call $say_number (call $get_tag)))
      (else (call $say (global.get $text_lived)))))

  (func $main (export "_start")
    (call $die_when_link_dies (i32.const 0))
    (call $catch_own)
    (call $watch (i64.const 1))
    (call $watch (i64.const 2)))

  (func $catch_own
    (try
      (do (call $fails (i64.const 0)))
      (catch_all (call $say (global.get $text_caught))))))
