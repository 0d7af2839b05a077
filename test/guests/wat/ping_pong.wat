;; Two processes play ping-pong. The first sends a number, the second sends back the next one.
(module
  (import "lunatic::message" "create_data" (func $create_data (param $tag i64) (param $capacity i64)))
  (import "lunatic::message" "write_data"
    (func $write_data (param $from i32) (param $length i32) (result i32)))
  (import "lunatic::message" "read_data" (func $read_data (param $to i32) (param $length i32) (result i32)))
  (import "lunatic::message" "send" (func $send (param $process i64) (result i32)))
  (import "lunatic::message" "receive"
    (func $receive (param $tags i32) (param $count i32) (param $timeout i64) (result i32)))
  (import "lunatic::process" "spawn"
    (func $spawn_process (param $link i64) (param $config i64) (param $module i64) (param $name i32)
          (param $name_length i32) (param $parameters i32) (param $length i32) (param $id i32) (result i32)))
  (import "lunatic::process" "sleep_ms" (func $sleep_ms (param $milliseconds i64)))
  (import "lunatic::process" "process_id" (func $process_id (result i64)))
  (import "lunatic::process" "exists" (func $exists (param $process i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $vectors i32) (param $count i32) (param $written i32) (result i32)))
  (memory (export "memory") 1)
  (global $text_player i32 (i32.const 1024))
  (data (i32.const 1024) "player\00")
  (global $text_ping i32 (i32.const 1056))
  (data (i32.const 1056) "ping \00")
  (global $text_pong i32 (i32.const 1088))
  (data (i32.const 1088) "pong \00")
  (global $text_over i32 (i32.const 1120))
  (data (i32.const 1120) "ok: the other player has left\n\00")

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

  ;; The second player: answers until it receives a zero.
  (func $player (export "player") (param $partner i64)
    (local $number i64)
    (loop $again
      (local.set $number (call $receive_number))
      (if (i64.ne (local.get $number) (i64.const 0))
        (then
          (call $send_number (local.get $partner) (i64.const 0) (i64.add (local.get $number) (i64.const 1)))
          (br $again)))))

  (func $main (export "_start")
    (local $other i64) (local $number i64) (local $round i32)
    (local.set $other (call $spawn (i64.const 0) (global.get $text_player) (call $process_id)))
    (local.set $number (i64.const 1))
    (loop $again
      (call $say (global.get $text_ping))
      (call $say_number (local.get $number))
      (call $send_number (local.get $other) (i64.const 0) (local.get $number))
      (local.set $number (call $receive_number))
      (call $say (global.get $text_pong))
      (call $say_number (local.get $number))
      (local.set $number (i64.add (local.get $number) (i64.const 1)))
      (local.set $round (i32.add (local.get $round) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $round) (i32.const 3))))
    (call $send_number (local.get $other) (i64.const 0) (i64.const 0))
    (call $wait_for_end (local.get $other))
    (call $say (global.get $text_over))))
