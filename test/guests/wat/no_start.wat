;; A module without `_start`: it can be made, but nothing can begin in it.
(module
  (func $main (export "main")))
