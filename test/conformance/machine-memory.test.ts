import { getHeapSpaceStatistics } from 'node:v8';
import { describe, expect, test } from 'vitest';
import type { Machine } from '../../runtime/kernel/capacity.ts';
import { guest } from '../support/guest.ts';
import { linesOf, run, runAll } from '../support/program.ts';

const MEBIBYTE = 2 ** 20;

/** A machine on which nobody touches anything, with `free` bytes at each look. */
function machine(free: () => number, heap = () => 0): Machine {
  return { mappingLimit: null, countMappings: () => 0, freeMemory: free, usedMemory: () => 0, heapUse: heap };
}

/** Children that each grow by 64 MiB and wait; prints how many could. */
const GROWING = guest(
  `(func (export "grower")
     (call $send (i64.const 1) (i64.const 7) (i64.extend_i32_s (memory.grow (i32.const 1024))))
     (call $forever))
   (func (export "_start") (local $i i32) (local $grown i32)
     (loop $again
       (drop (call $spawn (i64.const 0) (text "grower")))
       (if (i64.ge_s (call $receive_value) (i64.const 0)) (then (local.set $grown (i32.add (local.get $grown) (i32.const 1)))))
       (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 30))))
     (call $show32 (text "grown") (local.get $grown)))`,
);

describe('memory.grow', () => {
  test('fails when all that processes may touch would be more than the machine has', async () => {
    // 256 MiB stay free, and 2 MiB of each process are not counted.
    const free = (256 + 10 * 63 + 32) * MEBIBYTE;
    expect(await linesOf(GROWING, { machine: machine(() => free) })).toEqual(['grown 10']);
    expect(await linesOf(GROWING)).toEqual(['grown 30']);
  });

  test('counts no more when a process has ended, and asks again for what it had', async () => {
    const source = guest(
      `(func (export "child") (if (i32.lt_s (memory.grow (i32.const 1024)) (i32.const 0)) (then unreachable))
         (call $send (i64.const 1) (i64.const 1) (i64.const 1)))
       (func (export "_start") (local $i i32)
         (loop $again (drop (call $spawn (i64.const 0) (text "child"))) (drop (call $receive_value))
           (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 30)))))`,
    );
    const { exits } = await runAll(source, { machine: machine(() => (256 + 200) * MEBIBYTE) });
    expect(exits.map(({ exit }) => exit.kind)).toEqual(Array(31).fill('returned'));
  });

  test('by nothing, and beyond the limits, is what it is without a machine', async () => {
    const source = guest(
      `(func (export "_start")
         (call $show32 (text "nothing") (memory.grow (i32.const 0)))
         (call $show32 (text "much") (memory.grow (i32.const 60000)))
         (call $show32 (text "too much") (memory.grow (i32.const -1)))
         (call $show32 (text "some") (memory.grow (i32.const 2)))
         (call $show32 (text "size") (memory.size)))`,
    );
    const lines = ['nothing 2', 'much -1', 'too much -1', 'some 2', 'size 4'];
    expect(await linesOf(source, { machine: machine(() => 512 * MEBIBYTE) })).toEqual(lines);
  });

  test('counts the memories with which processes begin', async () => {
    const source = guest(
      `(func (export "child"))
       (func (export "_start")
         (if (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) (text "child")
               (i32.const 0) (i32.const 0) (i32.const 0))
           (then (call $print_error (i64.load (i32.const 0))))))`,
      { memory: '(memory (export "memory") 3200)' },
    );
    const [line] = await linesOf(source, { machine: machine(() => (256 + 300) * MEBIBYTE) });
    expect(line).toBe('no room for another process on this machine (memory)');
  });
});

/** A root that computes for ever, and a child with more memory that waits. */
const SCARCE = guest(
  `(func (export "large") (drop (memory.grow (i32.const 16))) (call $send (i64.const 1) (i64.const 1) (i64.const 1)) (call $forever))
   (func (export "_start") (local $large i64)
     (local.set $large (call $spawn (i64.const 0) (text "large")))
     (call $process.monitor (local.get $large))
     (call $expect (call $receive) (i32.const 0))
     (call $print (text "begins"))
     (loop $until (br_if $until (i32.eq (i32.const 9027) (call $message.receive (i32.const 0) (i32.const 0) (i64.const 0)))))
     (call $print (text "told")))`,
);

describe('a machine with hardly any memory left', () => {
  test('ends the process with the largest memory, and the others go on', async () => {
    let looks = 0;
    let isScarce = true;
    // There is enough when they are spawned.
    const free = () => (isScarce && ++looks > 2 ? 100 : 1000) * MEBIBYTE;
    const { exits, stdout } = await runAll(SCARCE, {
      machine: machine(free),
      onExit: () => {
        isScarce = false;
      },
    });
    expect(stdout.lines).toEqual(['begins', 'told']);
    expect(exits.map(({ exit }) => exit)).toMatchObject([
      {
        kind: 'trapped',
        message: expect.stringMatching(/^this machine has no memory left, .* 1179648 bytes$/),
      },
      { kind: 'returned' },
    ]);
  });

  test('ends those that take what is left for their stacks, before it is gone', async () => {
    const COUNT = 600;
    const at = (i: string) => `(i32.add (i32.const 0x20000) (i32.shl ${i} (i32.const 3)))`;
    const each = (body: string) =>
      `(local.set $i (i32.const 0))
       (loop $again ${body}
         (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${COUNT}))))`;
    const source = guest(
      `(func $deep (param i32) (local i64 i64 i64 i64)
         (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)))) (else (call $forever)))
         (drop (i32.load (i32.const 0))))
       (func (export "child") (drop (call $receive)) (call $deep (i32.const 9000)))
       (func (export "_start") (local $i i32)
         ${each(`(i64.store ${at('(local.get $i)')} (call $spawn (i64.const 0) (text "child")))
           (call $process.monitor (i64.load ${at('(local.get $i)')}))`)}
         (call $process.sleep_ms (i64.const 10))
         ${each(`(call $send (i64.load ${at('(local.get $i)')}) (i64.const 1) (i64.const 1))`)}
         ;; It stays away meanwhile: in a turn of its own it may be the one for whom V8 takes memory.
         (call $process.sleep_ms (i64.const 2000))
         ;; Each of them takes most of a mebibyte, so several hundred end.
         (local.set $i (i32.const 0))
         (loop $again (call $expect (call $receive) (i32.const 2))
           (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 200)))))`,
      { memory: '(memory (export "memory") 4)' },
    );
    // Without V8's young generation, which takes more or less room as tests before this one have left it.
    const young = () =>
      getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.physical_space_size ?? 0;
    const rss = () => process.memoryUsage.rss() - young();
    const before = rss();
    let least = Number.POSITIVE_INFINITY;
    // The last 128 MiB are those in which a process has to end.
    const free = () => {
      const bytes = (128 + 150) * MEBIBYTE - (rss() - before);
      least = Math.min(least, bytes);
      return bytes;
    };
    const { exits, exit } = await run(source, { machine: { ...machine(free), usedMemory: rss } });
    expect('message' in exit ? exit.message : exit.kind).toBe('returned');
    const culprits = exits.filter(
      ({ exit }) => exit.kind === 'trapped' && exit.message.endsWith('it took more in the last turn'),
    );
    expect(culprits.length).toBeGreaterThan(150);
    expect(least).toBeGreaterThan(32 * MEBIBYTE);
  });

  test('ends the process that had the turn where V8 has no heap left', async () => {
    const source = guest('(func (export "_start") (loop $on (br $on)))');
    let looks = 0;
    const { exit } = await runAll(source, {
      machine: machine(
        () => 2 ** 33,
        () => (++looks > 1 ? 0.95 : 0.1),
      ),
    });
    expect(exit).toMatchObject({
      kind: 'trapped',
      message: "V8's heap has no room left, and it had the last turn",
    });
  });
});
