;; Tests in both encodings of test mode. Run as a program, it does nothing.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $vectors i32) (param $count i32) (param $written i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\05\00\00\00")
  (data (i32.const 16) "said\n")

  (func $say
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))

  (func $main (export "_start"))

  ;; Today's encoding: marks and the name of the test in the name of the export.
  (func $passes (export "#lunatic_test_suite::passes") (call $say))
  (func $fails (export "#lunatic_test_suite::fails") (call $say) (unreachable))
  (func $ignored (export "#lunatic_test_#ignore_suite::ignored") (unreachable))
  (func $traps (export "#lunatic_test_#panic_#suite::traps as it should") (unreachable))
  (func $silent (export "#lunatic_test_#panic_a \\#1 message#suite::traps without the message") (unreachable))
  (func $both (export "#lunatic_test_#ignore_#panic_#suite::ignored and expected to trap") (unreachable))

  ;; The older one: what follows the prefix is the name; only functions without parameters and results count.
  (func $old_passes (export "__lunatic_test_old_passes"))
  (func $old_fails (export "__lunatic_test_old_fails") (unreachable))
  (func $no_test (export "__lunatic_test_not_a_test") (param i32))
  (func $before (export "__lunatic_start_test") (call $say)))
