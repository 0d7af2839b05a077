;; A recursive computation without any import: it ends silently, or traps when the result is wrong.
(module
  (func $fib (export "fib") (param $n i32) (result i32)
    (if (result i32) (i32.lt_u (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else
        (i32.add
          (call $fib (i32.sub (local.get $n) (i32.const 1)))
          (call $fib (i32.sub (local.get $n) (i32.const 2)))))))

  (func $main (export "_start")
    (if (i32.ne (call $fib (i32.const 27)) (i32.const 196418))
      (then (unreachable)))))
