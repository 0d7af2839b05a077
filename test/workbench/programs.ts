/** Guest programs that the tests show in workbenches. */
import { guest } from '../support/guest.ts';

/**
 * A post office: the clerk (1) starts a sorter (2), which gets three letters and never takes one; a clock (3), which
 * prints a tick now and then; and waits for good.
 */
export const POST_OFFICE = guest(`
  (func $main (export "_start") (local $sorter i64)
    (local.set $sorter (call $spawn (i64.const 0) (text "sorter")))
    (call $registry.put (text "sorter") (i64.const 0) (local.get $sorter))
    (drop (call $spawn (i64.const 0) (text "clock")))
    (call $letter (local.get $sorter) (i64.const 7) (text "To Ada: the parcel is here"))
    (call $letter (local.get $sorter) (i64.const 8) (text "To Bob:\\nsee you\\ntomorrow"))
    (call $letter (local.get $sorter) (i64.const 0) (text "\\00\\01\\02\\ff"))
    (call $print (text "the post office is open"))
    (call $forever))

  (func $sorter (export "sorter")
    (drop (call $receive_tag (i64.const 99) (i64.const -1)))
    (call $print (text "the sorter has its letter")))

  (func $clock (export "clock")
    (loop $on
      (call $print (text "tick"))
      (call $process.sleep_ms (i64.const 200))
      (br $on)))

  (func $letter (param $to i64) (param $tag i64) (param $at i32) (param $length i32)
    (call $message.create_data (local.get $tag) (i64.const 0))
    (drop (call $message.write_data (local.get $at) (local.get $length)))
    (drop (call $message.send (local.get $to))))
`);

/** A clerk (1) lets a sorter (2) and a writer (3) wait, and lets visitors in and out again. */
export const OPEN_DAY = guest(`
  (func $main (export "_start")
    (drop (call $spawn (i64.const 0) (text "sorter")))
    (drop (call $spawn (i64.const 0) (text "writer")))
    (loop $on
      (drop (call $spawn (i64.const 0) (text "visitor")))
      (call $process.sleep_ms (i64.const 300))
      (br $on)))

  (func $sorter (export "sorter") (call $forever))

  (func $writer (export "writer") (call $forever))

  (func $visitor (export "visitor") (call $process.sleep_ms (i64.const 600)))
`);

/** A clerk (1) starts a sorter (2), which waits, and registers it under the name of its entry when told so. */
export const LATE_NAME = guest(`
  (func $main (export "_start") (local $sorter i64)
    (local.set $sorter (call $spawn (i64.const 0) (text "sorter")))
    (drop (call $receive_tag (i64.const 1) (i64.const -1)))
    (call $registry.put (text "sorter") (i64.const 0) (local.get $sorter))
    (call $print (text "it has a name"))
    (call $forever))

  (func $sorter (export "sorter") (call $forever))
`);

/** A bakery: the baker (2) waits in some way, and has to share a cake among nobody then, while a clock (3) ticks on. */
const bakery = (wait: string): string =>
  guest(`
  (func $main (export "_start")
    (drop (call $spawn (i64.const 0) (text "baker")))
    (drop (call $spawn (i64.const 0) (text "clock")))
    (call $forever))

  (func $baker (export "baker")
    ${wait}
    (call $share_the_cake (i32.const 12) (i32.const 0)))

  (func $share_the_cake (param $slices i32) (param $guests i32)
    (drop (call $slice (local.get $slices) (local.get $guests)))
    (call $print (text "everybody has had a slice")))

  (func $slice (param $slices i32) (param $guests i32) (result i32)
    (i32.div_u (local.get $slices) (local.get $guests)))

  (func $clock (export "clock")
    (loop $on
      (call $print (text "tick"))
      (call $process.sleep_ms (i64.const 200))
      (br $on)))
`);

export const BAKERY = bakery('(call $process.sleep_ms (i64.const 300))');

/** Its baker waits for a message: whoever looks later knows nothing of a process that has ended before. */
export const CLOSED_BAKERY = bakery('(drop (call $receive))');

/** Repeats what it reads, until there is nothing more. */
export const ECHO = guest(`
  (func $main (export "_start")
    (i32.store (i32.const 0) (i32.const 100))
    (i32.store (i32.const 4) (i32.const 100))
    (call $print (text "say something"))
    (loop $on
      (call $expect (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)) (i32.const 0))
      (call $write (i32.const 100) (i32.load (i32.const 8)))
      (br_if $on (i32.load (i32.const 8))))
    (call $print (text "that was all")))
`);

/** A crowd of people who all wait. */
export const crowd = (people: number): string =>
  guest(`
  (func $main (export "_start") (local $left i32)
    (local.set $left (i32.const ${people}))
    (loop $on
      (drop (call $spawn (i64.const 0) (text "person")))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $on (local.get $left)))
    (call $print (text "all are here"))
    (call $forever))

  (func $person (export "person") (call $forever))
`);

/** Workers who all work a little, sleep, and work again. */
export const workshop = (workers: number): string =>
  guest(`
  (func $main (export "_start") (local $left i32)
    (local.set $left (i32.const ${workers}))
    (loop $on
      (drop (call $spawn (i64.const 0) (text "worker")))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $on (local.get $left)))
    (call $print (text "all are at work"))
    (call $forever))

  (func $worker (export "worker") (local $steps i32)
    (loop $on
      (local.set $steps (i32.const 10000))
      (loop $work
        (local.set $steps (i32.sub (local.get $steps) (i32.const 1)))
        (br_if $work (local.get $steps)))
      (call $process.sleep_ms (i64.const 100))
      (br $on)))
`);

/** Tests of every kind. */
export const TESTS = guest(`
  (func (export "#lunatic_test_sums::adds") (call $print (text "two and two")))

  (func (export "#lunatic_test_sums::subtracts")
    (call $test.fail_comparison (text "the difference") (text "2") (text "3")))

  (func (export "#lunatic_test_sums::divides")
    (drop (i32.div_u (i32.const 1) (i32.const 0))))

  (func (export "#lunatic_test_#panic_#sums::divides by zero as it should")
    (drop (i32.div_u (i32.const 1) (i32.const 0))))

  (func (export "#lunatic_test_#ignore_sums::counts to the end")
    (call $print (text "there is no end")))

  (func (export "#lunatic_test_waits::for a letter")
    (call $forever))
`);

/**
 * In AssemblyScript, beside the `lunatic.ts` of an example: two readers, each a process of its own, wait for something
 * to read. When both have read, the program ends.
 */
export const READERS = `
import { catchLinkDeaths, number, print, receive, self, sendNumbers, spawn } from './lunatic';

export { runProcess } from './lunatic';

const HELLO: i64 = 1;
const HAS_READ: i64 = 2;

function reader(index: i64): void {
  receive();
  const librarian: u64 = number();
  receive();
  print(\`reader \${index} reads \${number()}\`);
  sendNumbers(librarian, HAS_READ, []);
}

export function _start(): void {
  catchLinkDeaths();
  for (let index = 0; index < 2; index++) sendNumbers(spawn(reader, index, index + 1), HELLO, [self()]);
  for (let left = 2; left > 0; left--) receive();
  print('everybody has read');
}
`;
