/**
 * Functions that guests of tests call. Each is added to a module where it is called. They use the memory from
 * 0xff00 to 0xffff.
 *
 *     0xff00 i64 out cell    0xff10 i64 value of messages    0xff20 tags    0xff40 iovecs    0xff60 digits
 */
export const HELPERS: Readonly<Record<string, string>> = {
  // -- printing ----------------------------------------------------------------------------------------

  /** Prints bytes. */
  $write: `(func $write (param $at i32) (param $length i32)
    (i32.store (i32.const 0xff40) (local.get $at))
    (i32.store (i32.const 0xff44) (local.get $length))
    (drop (call $fd_write (i32.const 1) (i32.const 0xff40) (i32.const 1) (i32.const 0xff50))))`,

  /** Prints a line. */
  $print: `(func $print (param $at i32) (param $length i32)
    (call $write (local.get $at) (local.get $length))
    (call $write (text "\\n")))`,

  /** Prints "<label> <number>", the number signed. */
  $show: `(func $show (param $at i32) (param $length i32) (param $value i64)
    (call $write (local.get $at) (local.get $length))
    (call $write (text " "))
    (call $write_i64 (local.get $value))
    (call $write (text "\\n")))`,

  /** `$show` of an i32. */
  $show32: `(func $show32 (param $at i32) (param $length i32) (param $value i32)
    (call $show (local.get $at) (local.get $length) (i64.extend_i32_s (local.get $value))))`,

  /** Prints a signed number. Digits are made from the end, of the absolute value, read unsigned. */
  $write_i64: `(func $write_i64 (param $value i64) (local $at i32) (local $rest i64)
    (local.set $at (i32.const 0xff80))
    (local.set $rest (select (i64.sub (i64.const 0) (local.get $value)) (local.get $value)
      (i64.lt_s (local.get $value) (i64.const 0))))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at)
        (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $rest) (i64.const 10)))))
      (local.set $rest (i64.div_u (local.get $rest) (i64.const 10)))
      (br_if $digit (i64.ne (local.get $rest) (i64.const 0))))
    (if (i64.lt_s (local.get $value) (i64.const 0)) (then
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at) (i32.const 45))))
    (call $write (local.get $at) (i32.sub (i32.const 0xff80) (local.get $at))))`,

  // -- processes ---------------------------------------------------------------------------------------

  /** Spawns from the own module and config, without parameters; must succeed. Link 0 is none. Returns the id. */
  $spawn: `(func $spawn (param $link i64) (param $name i32) (param $length i32) (result i64)
    (call $spawn_with (local.get $link) (i64.const -1) (local.get $name) (local.get $length)))`,

  /** `$spawn` with a config. */
  $spawn_with: `(func $spawn_with (param $link i64) (param $config i64) (param $name i32) (param $length i32)
      (result i64)
    (if (call $process.spawn (local.get $link) (local.get $config) (i64.const -1) (local.get $name)
          (local.get $length) (i32.const 0) (i32.const 0) (i32.const 0xff00))
      (then (call $fail (i64.load (i32.const 0xff00)))))
    (i64.load (i32.const 0xff00)))`,

  /** Spawns and waits for the end, which a monitor tells. Messages of others must not arrive meanwhile. */
  $run: `(func $run (param $name i32) (param $length i32)
    (call $process.monitor (call $spawn (i64.const 0) (local.get $name) (local.get $length)))
    (call $expect (call $receive) (i32.const 2)))`,

  /** Prints the text of an error and traps. */
  $fail: `(func $fail (param $error i64)
    (call $print_error (local.get $error))
    unreachable)`,

  /** Prints the text of an error, in the memory from 0xe000. */
  $print_error: `(func $print_error (param $error i64)
    (call $error.to_string (local.get $error) (i32.const 0xe000))
    (call $print (i32.const 0xe000) (call $error.string_size (local.get $error))))`,

  /** Waits for messages that are not wanted: for ever, until killed. */
  $forever: `(func $forever
    (drop (call $message.receive (i32.const 0) (i32.const 0) (i64.const -1)))
    unreachable)`,

  // -- messages ----------------------------------------------------------------------------------------

  /** Sends a message of 8 bytes. */
  $send: `(func $send (param $to i64) (param $tag i64) (param $value i64)
    (call $put (local.get $tag) (local.get $value))
    (call $expect (call $message.send (local.get $to)) (i32.const 0)))`,

  /** Puts a message of 8 bytes into the scratch area. */
  $put: `(func $put (param $tag i64) (param $value i64)
    (i64.store (i32.const 0xff10) (local.get $value))
    (call $message.create_data (local.get $tag) (i64.const 8))
    (call $expect (call $message.write_data (i32.const 0xff10) (i32.const 8)) (i32.const 8)))`,

  /** Receives any message, without end. Returns the code. */
  $receive: `(func $receive (result i32)
    (call $message.receive (i32.const 0) (i32.const 0) (i64.const -1)))`,

  /** Receives a message of a tag. Returns the code. */
  $receive_tag: `(func $receive_tag (param $tag i64) (param $timeout i64) (result i32)
    (i64.store (i32.const 0xff20) (local.get $tag))
    (call $message.receive (i32.const 0xff20) (i32.const 1) (local.get $timeout)))`,

  /** Reads the next 8 bytes of the message. */
  $value: `(func $value (result i64)
    (call $expect (call $message.read_data (i32.const 0xff10) (i32.const 8)) (i32.const 8))
    (i64.load (i32.const 0xff10)))`,

  /** Receives a data message and returns its value. */
  $receive_value: `(func $receive_value (result i64)
    (call $expect (call $receive) (i32.const 0))
    (call $value))`,

  /** Prints "data <tag> <value>", "link <tag>", "process <id>" or "timeout" of a receive's code. */
  $show_received: `(func $show_received (param $code i32)
    (if (i32.eq (local.get $code) (i32.const 9027)) (then (call $print (text "timeout")) (return)))
    (if (i32.eq (local.get $code) (i32.const 1)) (then (call $show (text "link") (call $message.get_tag)) (return)))
    (if (i32.eq (local.get $code) (i32.const 2))
      (then (call $show (text "process") (call $message.get_process_id)) (return)))
    (call $write (text "data "))
    (call $write_i64 (call $message.get_tag))
    (call $show (text "") (call $value)))`,

  // -- checks ------------------------------------------------------------------------------------------

  /** Traps where a code is not the expected one. */
  $expect: `(func $expect (param $is i32) (param $should_be i32)
    (if (i32.ne (local.get $is) (local.get $should_be)) (then unreachable)))`,
};
