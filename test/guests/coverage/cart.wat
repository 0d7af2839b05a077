;; Prices carts. At the end of each line that has code stands, in brackets, which tests reach it.
(module
  (global $total (mut i32) (i32.const 0))

  (func $price (param $count i32) (result i32) (local $sum i32)
    local.get $count ;; [bulk few]
    i32.const 3 ;; [bulk few]
    i32.mul ;; [bulk few]
    local.tee $sum ;; [bulk few]
    i32.const 30 ;; [bulk few]
    i32.gt_s ;; [bulk few]
    if ;; [bulk few]
      (local.set $sum (i32.sub (local.get $sum) (i32.const 3))) ;; [bulk]
    end
    local.get $sum) ;; [bulk few]

  (func $never (result i32)
    i32.const 5) ;; []

  (func (export "#lunatic_test_few") (local $i i32)
    loop $next ;; [few]
      (global.set $total (call $price (local.get $i))) ;; [few]
      (local.set $i (i32.add (local.get $i) (i32.const 1))) ;; [few]
      (br_if $next (i32.lt_s (local.get $i) (i32.const 3))) ;; [few]
    end)

  (func (export "#lunatic_test_bulk")
    (global.set $total (call $price (i32.const 40))) ;; [bulk]
    (if (i32.eqz (global.get $total)) ;; [bulk]
      (then
        (global.set $total (call $never)))) ;; []
    nop) ;; [bulk]

  (func (export "#lunatic_test_stops")
    nop ;; [stops]
    unreachable ;; [stops]
    nop)) ;; []
