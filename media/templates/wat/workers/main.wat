;; A pool of workers that add up numbers, and the supervisor that keeps them going.
;;
;; Memory: 0 a cell for the host (ids and numbers that are sent), 16 vectors of fd_write, 64 parameters of spawn,
;; 128 a line that is printed, 256 what the supervisor knows of each worker, 512 texts.
(module
  (import "lunatic::message" "create_data" (func $create_data (param $tag i64) (param $capacity i64)))
  (import "lunatic::message" "write_data" (func $write_data (param $data i32) (param $size i32) (result i32)))
  (import "lunatic::message" "read_data" (func $read_data (param $data i32) (param $size i32) (result i32)))
  (import "lunatic::message" "get_tag" (func $get_tag (result i64)))
  (import "lunatic::message" "send" (func $send (param $process i64) (result i32)))
  (import "lunatic::message" "receive" (func $receive (param $tags i32) (param $count i32) (param $timeout i64) (result i32)))
  (import "lunatic::process" "spawn"
    (func $spawn (param $link i64) (param $config i64) (param $module i64) (param $name i32) (param $name_size i32)
      (param $parameters i32) (param $size i32) (param $id i32) (result i32)))
  (import "lunatic::process" "process_id" (func $process_id (result i64)))
  (import "lunatic::process" "die_when_link_dies" (func $die_when_link_dies (param $die i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $vectors i32) (param $count i32) (param $written i32) (result i32)))

  (memory (export "memory") 1)
  (data (i32.const 512) "worker")
  (data (i32.const 528) " has crashed and is replaced\n")
  (data (i32.const 560) "the sum of all results is ")

  ;; ---- A worker ----------------------------------------------------------------------------------------------------

  ;; Adds up the numbers from 1 to a limit.
  (func $add_up (param $limit i64) (result i64)
    (local $sum i64)
    (block $done
      (loop $next
        (br_if $done (i64.eqz (local.get $limit)))
        (local.set $sum (i64.add (local.get $sum) (local.get $limit)))
        (local.set $limit (i64.sub (local.get $limit) (i64.const 1)))
        (br $next)))
    (local.get $sum))

  ;; Each worker begins here. It gets its jobs from its supervisor: the tag is how often the job was tried, the data is the
  ;; limit. A limit of 0 ends the worker. It answers with its number as the tag.
  (func $worker (export "worker") (param $number i64) (param $supervisor i64)
    (local $limit i64)
    (loop $next
      (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1)))
      (local.set $limit (call $received_number))
      (if (i64.eqz (local.get $limit)) (then (return)))
      ;; A bug: a limit of 2000 crashes the worker, at the first attempt.
      (if (i32.and (i64.eq (local.get $limit) (i64.const 2000)) (i64.eq (call $get_tag) (i64.const 1)))
        (then (unreachable)))
      (call $send_number (local.get $supervisor) (local.get $number) (call $add_up (local.get $limit)))
      (br $next)))

  ;; ---- The supervisor ----------------------------------------------------------------------------------------------

  ;; Starts a worker that is linked to this process under its number, and remembers its id.
  (func $hire (param $number i64)
    ;; Parameters are records of 17 bytes: the type (7E for i64), then the value in 16, the low byte first.
    (i32.store8 (i32.const 64) (i32.const 0x7e))
    (i64.store (i32.const 65) (local.get $number))
    (i32.store8 (i32.const 81) (i32.const 0x7e))
    (i64.store (i32.const 82) (call $process_id))
    (if (call $spawn (local.get $number) (i64.const -1) (i64.const -1) (i32.const 512) (i32.const 6)
          (i32.const 64) (i32.const 34) (i32.const 0))
      (then (unreachable)))
    (i64.store (call $post (local.get $number)) (i64.load (i32.const 0))))

  ;; Where the id of a worker is.
  (func $post (param $number i64) (result i32)
    (i32.add (i32.const 256) (i32.mul (i32.wrap_i64 (local.get $number)) (i32.const 8))))

  ;; Has the worker of each number do one job: the limit is 1000 times the number.
  (func $give_job (param $number i64) (param $attempt i64)
    (call $send_number
      (i64.load (call $post (local.get $number)))
      (local.get $attempt)
      (i64.mul (local.get $number) (i64.const 1000))))

  ;; Has a job done by each of some workers, and returns the sum of their results.
  (func $run_pool (param $workers i64) (result i64)
    (local $number i64) (local $done i64) (local $sum i64)
    ;; Otherwise the failure of a worker would be that of its supervisor, too.
    (call $die_when_link_dies (i32.const 0))
    (loop $start
      (local.set $number (i64.add (local.get $number) (i64.const 1)))
      (call $hire (local.get $number))
      (call $give_job (local.get $number) (i64.const 1))
      (br_if $start (i64.lt_u (local.get $number) (local.get $workers))))
    (loop $next
      ;; 0: a message. 1: a linked process has failed, and the tag is that of the link.
      (if (call $receive (i32.const 0) (i32.const 0) (i64.const -1))
        (then
          (local.set $number (call $get_tag))
          (call $say_number (i32.const 512) (i32.const 6) (local.get $number))
          (call $say (i32.const 528) (i32.const 29))
          (call $hire (local.get $number))
          (call $give_job (local.get $number) (i64.const 2)))
        (else
          (local.set $number (call $get_tag))
          (local.set $sum (i64.add (local.get $sum) (call $received_number)))
          (local.set $done (i64.add (local.get $done) (i64.const 1)))
          (call $send_number (i64.load (call $post (local.get $number))) (i64.const 1) (i64.const 0))))
      (br_if $next (i64.lt_u (local.get $done) (local.get $workers))))
    (local.get $sum))

  (func (export "_start")
    (local $sum i64)
    (local.set $sum (call $run_pool (i64.const 4)))
    (call $say_number (i32.const 560) (i32.const 25) (local.get $sum))
    (i32.store8 (i32.const 128) (i32.const 10))
    (call $say (i32.const 128) (i32.const 1)))

  ;; ---- Messages and lines ------------------------------------------------------------------------------------------

  ;; Sends a number under a tag. It never waits; a message to a process that has ended is lost.
  (func $send_number (param $to i64) (param $tag i64) (param $number i64)
    (i64.store (i32.const 0) (local.get $number))
    (call $create_data (local.get $tag) (i64.const 8))
    (drop (call $write_data (i32.const 0) (i32.const 8)))
    (drop (call $send (local.get $to))))

  ;; The number in the message that was received.
  (func $received_number (result i64)
    (drop (call $read_data (i32.const 0) (i32.const 8)))
    (i64.load (i32.const 0)))

  ;; Prints a text.
  (func $say (param $text i32) (param $size i32)
    (i32.store (i32.const 16) (local.get $text))
    (i32.store (i32.const 20) (local.get $size))
    (drop (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24))))

  ;; Prints a text, a blank and a number.
  (func $say_number (param $text i32) (param $size i32) (param $number i64)
    (local $place i32)
    ;; The digits, from the last to the first.
    (local.set $place (i32.const 160))
    (loop $digit
      (local.set $place (i32.sub (local.get $place) (i32.const 1)))
      (i32.store8 (local.get $place)
        (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $number) (i64.const 10)))))
      (local.set $number (i64.div_u (local.get $number) (i64.const 10)))
      (br_if $digit (i64.ne (local.get $number) (i64.const 0))))
    (local.set $place (i32.sub (local.get $place) (i32.const 1)))
    (i32.store8 (local.get $place) (i32.const 32))
    (call $say (local.get $text) (local.get $size))
    (call $say (local.get $place) (i32.sub (i32.const 160) (local.get $place))))

  ;; ---- Tests: lunatic test main.wat --------------------------------------------------------------------------------

  (func (export "__lunatic_test_numbers_are_added_up")
    (if (i64.ne (call $add_up (i64.const 0)) (i64.const 0)) (then (unreachable)))
    (if (i64.ne (call $add_up (i64.const 1000)) (i64.const 500500)) (then (unreachable))))

  ;; The second worker crashes at its first attempt, and its job is done all the same.
  (func (export "__lunatic_test_a_crashed_worker_is_replaced")
    (if (i64.ne (call $run_pool (i64.const 2)) (i64.const 2501500)) (then (unreachable)))))
