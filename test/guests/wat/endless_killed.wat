;; Loops that never end and never call the host are stopped by a kill: one with an empty body, one that counts,
;; one that is recursion. Meanwhile their parent goes on.
(module
  (import "lunatic::process" "spawn"
    (func $spawn_process (param $link i64) (param $config i64) (param $module i64) (param $name i32)
          (param $name_length i32) (param $parameters i32) (param $length i32) (param $id i32) (result i32)))
  (import "lunatic::process" "sleep_ms" (func $sleep_ms (param $milliseconds i64)))
  (import "lunatic::process" "exists" (func $exists (param $process i64) (result i32)))
  (import "lunatic::process" "kill" (func $kill (param $process i64)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $vectors i32) (param $count i32) (param $written i32) (result i32)))
  (memory (export "memory") 1)
  (global $text_empty i32 (i32.const 1024))
  (data (i32.const 1024) "empty\00")
  (global $text_counting i32 (i32.const 1056))
  (data (i32.const 1056) "counting\00")
  (global $text_tree i32 (i32.const 1088))
  (data (i32.const 1088) "tree\00")
  (global $text_alive i32 (i32.const 1120))
  (data (i32.const 1120) ": runs\n\00")
  (global $text_dead i32 (i32.const 1152))
  (data (i32.const 1152) ": has ended\n\00")

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

  ;; Waits until a process has ended.
  (func $wait_for_end (param $process i64)
    (loop $again
      (if (call $exists (local.get $process))
        (then
          (call $sleep_ms (i64.const 1))
          (br $again)))))

  (func $empty (export "empty") (param $unused i64)
    (loop $forever (br $forever)))

  (func $counting (export "counting") (param $number i64)
    (loop $forever
      (local.set $number (i64.add (i64.mul (local.get $number) (i64.const 6364136223846793005)) (i64.const 1442695040888963407)))
      (br_if $forever (i64.ne (local.get $number) (i64.const 0)))
      (br $forever)))

  ;; Calls itself, returns, and calls itself again: no loop, and it takes longer than anyone waits.
  (func $tree (export "tree") (param $depth i64)
    (if (i64.ne (local.get $depth) (i64.const 0))
      (then
        (call $tree (i64.sub (local.get $depth) (i64.const 1)))
        (call $tree (i64.sub (local.get $depth) (i64.const 1))))))

  (func $try (param $name i32)
    (local $process i64)
    (local.set $process (call $spawn (i64.const 0) (local.get $name) (i64.const 1000)))
    (call $sleep_ms (i64.const 20))
    (call $say (local.get $name))
    (call $say (select (global.get $text_alive) (global.get $text_dead) (call $exists (local.get $process))))
    (call $kill (local.get $process))
    (call $wait_for_end (local.get $process))
    (call $say (local.get $name))
    (call $say (global.get $text_dead)))

  (func $main (export "_start")
    (call $try (global.get $text_empty))
    (call $try (global.get $text_counting))
    (call $try (global.get $text_tree))))
