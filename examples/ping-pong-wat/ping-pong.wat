;; Two processes play ping-pong, with nothing between them and the host.
;;
;; A process is an instance of a module. `_start` runs in the first one; it spawns the second from the same
;; module, at another export. Each has its own memory: what one writes to address 96, the other never sees.
;; All they have in common is that they can send messages to each other.

(module
  ;; Messages. Each process works on one message:
  ;;   create_data begins a new, empty one, write_data appends bytes, send takes it away;
  ;;   receive gets the next one from the mailbox, read_data reads from it.
  (import "lunatic::message" "create_data" (func $create_data (param $tag i64) (param $capacity i64)))
  (import "lunatic::message" "write_data" (func $write_data (param $from i32) (param $length i32) (result i32)))
  (import "lunatic::message" "read_data" (func $read_data (param $to i32) (param $length i32) (result i32)))
  (import "lunatic::message" "send" (func $send (param $process i64) (result i32)))
  (import "lunatic::message" "receive"
    (func $receive (param $tags i32) (param $tag_count i32) (param $timeout i64) (result i32)))

  ;; Processes.
  (import "lunatic::process" "process_id" (func $process_id (result i64)))
  (import "lunatic::process" "spawn"
    (func $spawn
      (param $link i64)    ;; 0: not linked
      (param $config i64)  ;; -1: same permissions as this process
      (param $module i64)  ;; -1: same module as this process
      (param $name i32) (param $name_length i32)              ;; the export where it begins
      (param $parameters i32) (param $parameters_length i32)  ;; its parameters
      (param $id i32)                                         ;; where the host writes the id of the new process
      (result i32)))                                          ;; 0: it was started

  ;; Output, from WASI.
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $vectors i32) (param $count i32) (param $written i32) (result i32)))

  ;; The host reads and writes this memory, so it must be exported under this name.
  ;;
  ;;     0  two vectors for fd_write: address, length
  ;;    16  digits of a number, a line feed, and the number of bytes that fd_write has written
  ;;    64  the parameter of the second process
  ;;    88  its id
  ;;    96  the number in a message
  ;;   256  texts
  (memory (export "memory") 1)
  (data (i32.const 256) "answer_pings")
  (data (i32.const 272) "ping ")
  (data (i32.const 288) "     pong ")

  ;; The first process: serves, and plays five rounds.
  (func $main (export "_start")
    (local $other i64) (local $number i64)

    ;; Parameters travel as records of 17 bytes: a type (7E is i64), then the value, low byte first, in 16 bytes.
    ;; The second player gets the id of the first, since it has to know whom to answer.
    (i32.store8 (i32.const 64) (i32.const 0x7E))
    (i64.store (i32.const 65) (call $process_id))
    (if (call $spawn
          (i64.const 0) (i64.const -1) (i64.const -1)
          (i32.const 256) (i32.const 12)
          (i32.const 64) (i32.const 17)
          (i32.const 88))
      (then (unreachable)))
    (local.set $other (i64.load (i32.const 88)))

    (local.set $number (i64.const 1))
    (loop $next
      (call $say (i32.const 272) (i32.const 5) (local.get $number))
      (call $send_number (local.get $other) (local.get $number))
      (local.set $number (call $receive_number))
      (br_if $next (i64.lt_u (local.get $number) (i64.const 10)))))
  ;; When the first process ends, the program ends, and with it the second one, which still waits.

  ;; The second process: answers each number with the next one, forever.
  (func $answer_pings (export "answer_pings") (param $partner i64)
    (local $number i64)
    (loop $forever
      ;; Waiting costs nothing: the process is set aside until there is a message for it.
      (local.set $number (call $receive_number))
      (call $say (i32.const 288) (i32.const 10) (i64.add (local.get $number) (i64.const 1)))
      (call $send_number (local.get $partner) (i64.add (local.get $number) (i64.const 2)))
      (br $forever)))

  ;; Sends eight bytes, without a tag.
  (func $send_number (param $to i64) (param $number i64)
    (i64.store (i32.const 96) (local.get $number))
    (call $create_data (i64.const 0) (i64.const 8))
    (drop (call $write_data (i32.const 96) (i32.const 8)))
    (drop (call $send (local.get $to))))

  ;; Waits for a message, as long as it takes (a timeout of -1), and reads eight bytes from it.
  (func $receive_number (result i64)
    (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1)))
    (drop (call $read_data (i32.const 96) (i32.const 8)))
    (i64.load (i32.const 96)))

  ;; Writes a text and a number in one go, so that lines of different processes do not mix.
  (func $say (param $text i32) (param $length i32) (param $number i64)
    (local $at i32)
    ;; Digits from the last to the first, before a line feed at address 47.
    (i32.store8 (i32.const 47) (i32.const 10))
    (local.set $at (i32.const 47))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at)
        (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $number) (i64.const 10)))))
      (local.set $number (i64.div_u (local.get $number) (i64.const 10)))
      (br_if $digit (i64.ne (local.get $number) (i64.const 0))))
    ;; Two vectors: the text, and the digits.
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $length))
    (i32.store (i32.const 8) (local.get $at))
    (i32.store (i32.const 12) (i32.sub (i32.const 48) (local.get $at)))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 48)))))
