;; Imports a function that exists, with another type: `sleep_ms` takes an i64.
(module
  (import "lunatic::process" "sleep_ms" (func $sleep (param i32)))
  (func $main (export "_start")
    (call $sleep (i32.const 1))))
