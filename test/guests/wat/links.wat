;; Links and monitors: how the death of a process reaches others.
(module
  (import "lunatic::message" "create_data" (func $create_data (param $tag i64) (param $capacity i64)))
  (import "lunatic::message" "write_data"
    (func $write_data (param $from i32) (param $length i32) (result i32)))
  (import "lunatic::message" "read_data" (func $read_data (param $to i32) (param $length i32) (result i32)))
  (import "lunatic::message" "get_tag" (func $get_tag (result i64)))
  (import "lunatic::message" "send" (func $send (param $process i64) (result i32)))
  (import "lunatic::message" "receive"
    (func $receive (param $tags i32) (param $count i32) (param $timeout i64) (result i32)))
  (import "lunatic::process" "spawn"
    (func $spawn_process (param $link i64) (param $config i64) (param $module i64) (param $name i32)
          (param $name_length i32) (param $parameters i32) (param $length i32) (param $id i32) (result i32)))
  (import "lunatic::process" "sleep_ms" (func $sleep_ms (param $milliseconds i64)))
  (import "lunatic::process" "process_id" (func $process_id (result i64)))
  (import "lunatic::process" "exists" (func $exists (param $process i64) (result i32)))
  (import "lunatic::process" "kill" (func $kill (param $process i64)))
  (import "lunatic::process" "link" (func $link (param $tag i64) (param $process i64)))
  (import "lunatic::process" "unlink" (func $unlink (param $process i64)))
  (import "lunatic::process" "monitor" (func $monitor (param $process i64)))
  (import "lunatic::process" "die_when_link_dies" (func $die_when_link_dies (param $die i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $vectors i32) (param $count i32) (param $written i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param $code i32)))
  (memory (export "memory") 1)
  (global $text_returns i32 (i32.const 1024))
  (data (i32.const 1024) "returns\00")
  (global $text_traps i32 (i32.const 1056))
  (data (i32.const 1056) "traps\00")
  (global $text_exits i32 (i32.const 1088))
  (data (i32.const 1088) "exits\00")
  (global $text_waits i32 (i32.const 1120))
  (data (i32.const 1120) "waits\00")
  (global $text_takes_along i32 (i32.const 1152))
  (data (i32.const 1152) "takes_along\00")
  (global $text_nowhere i32 (i32.const 1184))
  (data (i32.const 1184) "nowhere\00")
  (global $text_link_died i32 (i32.const 1216))
  (data (i32.const 1216) "link died, tag \00")
  (global $text_code i32 (i32.const 1248))
  (data (i32.const 1248) "code \00")
  (global $text_on_trap i32 (i32.const 1280))
  (data (i32.const 1280) "a trap: \00")
  (global $text_on_exit_3 i32 (i32.const 1312))
  (data (i32.const 1312) "proc_exit(3): \00")
  (global $text_on_exit_0 i32 (i32.const 1344))
  (data (i32.const 1344) "proc_exit(0): \00")
  (global $text_on_return i32 (i32.const 1376))
  (data (i32.const 1376) "a return: \00")
  (global $text_on_no_entry i32 (i32.const 1408))
  (data (i32.const 1408) "no such export: \00")
  (global $text_on_relinked i32 (i32.const 1440))
  (data (i32.const 1440) "killed, linked again: \00")
  (global $text_on_dead i32 (i32.const 1472))
  (data (i32.const 1472) "linked when dead: \00")
  (global $text_on_unlinked i32 (i32.const 1504))
  (data (i32.const 1504) "killed, unlinked, monitored: \00")
  (global $text_on_chain i32 (i32.const 1536))
  (data (i32.const 1536) "one that takes another along: \00")
  (global $text_chain_dead i32 (i32.const 1568))
  (data (i32.const 1568) "ok: the other one has ended\n\00")

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

  ;; The number in the received message.
  (func $number (result i64)
    (drop (call $read_data (i32.const 96) (i32.const 8)))
    (i64.load (i32.const 96)))

  ;; Waits for the next message, and answers the number in it.
  (func $receive_number (result i64)
    (if (call $receive (i32.const 0) (i32.const 0) (i64.const -1))
      (then (unreachable)))
    (call $number))

  ;; Waits until a process has ended.
  (func $wait_for_end (param $process i64)
    (loop $again
      (if (call $exists (local.get $process))
        (then
          (call $sleep_ms (i64.const 1))
          (br $again)))))

  (func $returns (export "returns") (param $unused i64))
  (func $traps (export "traps") (param $unused i64) (unreachable))
  (func $exits (export "exits") (param $code i64) (call $proc_exit (i32.wrap_i64 (local.get $code))))
  (func $waits (export "waits") (param $unused i64)
    (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1))))

  ;; Tells its parent the id of a process that is linked to it, and traps.
  (func $takes_along (export "takes_along") (param $parent i64)
    (call $send_number (local.get $parent) (i64.const 0) (call $spawn (i64.const 1) (global.get $text_waits) (i64.const 0)))
    (unreachable))

  ;; Waits for any message and writes what it is: 0 data, 1 link death, 2 end of a monitored process, 9027 nothing.
  (func $expect (param $what i32) (param $timeout i64)
    (local $code i32)
    (call $say (local.get $what))
    (local.set $code (call $receive (i32.const 0) (i32.const 0) (local.get $timeout)))
    (if (i32.eq (local.get $code) (i32.const 1))
      (then
        (call $say (global.get $text_link_died))
        (call $say_number (call $get_tag))
        (return)))
    (call $say (global.get $text_code))
    (call $say_number (i64.extend_i32_u (local.get $code))))

  (func $main (export "_start")
    (local $process i64)
    (call $die_when_link_dies (i32.const 0))

    (drop (call $spawn (i64.const 1) (global.get $text_traps) (i64.const 0)))
    (call $expect (global.get $text_on_trap) (i64.const 5000))
    (drop (call $spawn (i64.const 2) (global.get $text_exits) (i64.const 3)))
    (call $expect (global.get $text_on_exit_3) (i64.const 5000))
    (drop (call $spawn (i64.const 3) (global.get $text_exits) (i64.const 0)))
    (call $expect (global.get $text_on_exit_0) (i64.const 20))
    (drop (call $spawn (i64.const 4) (global.get $text_returns) (i64.const 0)))
    (call $expect (global.get $text_on_return) (i64.const 20))
    (drop (call $spawn (i64.const 5) (global.get $text_nowhere) (i64.const 0)))
    (call $expect (global.get $text_on_no_entry) (i64.const 5000))

    (local.set $process (call $spawn (i64.const 6) (global.get $text_waits) (i64.const 0)))
    (call $link (i64.const 7) (local.get $process))
    (call $kill (local.get $process))
    (call $expect (global.get $text_on_relinked) (i64.const 5000))
    (call $link (i64.const 8) (local.get $process))
    (call $expect (global.get $text_on_dead) (i64.const 5000))

    (local.set $process (call $spawn (i64.const 9) (global.get $text_waits) (i64.const 0)))
    (call $unlink (local.get $process))
    (call $monitor (local.get $process))
    (call $kill (local.get $process))
    (call $expect (global.get $text_on_unlinked) (i64.const 5000))

    (drop (call $spawn (i64.const 10) (global.get $text_takes_along) (call $process_id)))
    (local.set $process (call $receive_number))
    (call $expect (global.get $text_on_chain) (i64.const 5000))
    (call $wait_for_end (local.get $process))
    (call $say (global.get $text_chain_dead))))
