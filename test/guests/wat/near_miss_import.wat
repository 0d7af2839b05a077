;; Imports a function that does not exist, although its name is nearly right: `sleep_ms` is meant.
(module
  (import "lunatic::process" "sleep_msec" (func $sleep (param i64)))
  (func $main (export "_start")
    (call $sleep (i64.const 1))))
