import { describe, expect, test } from 'vitest';
import { Log } from '../../runtime/cli/log.ts';
import { LogFilter } from '../../runtime/cli/log-filter.ts';
import { logExit } from '../../runtime/cli/process-log.ts';
import { Reports } from '../../runtime/cli/report.ts';
import { LinkError, Runtime } from '../../runtime/internal.ts';
import type { Exit } from '../../runtime/kernel/exit.ts';
import type { Process } from '../../runtime/kernel/process.ts';
import { guest, main } from '../support/guest.ts';
import { assemble, linesOf, run, start, trapOf } from '../support/program.ts';

/** A gibibyte that was never written to: it costs the guest nothing, and must not cost the host much. */
const VAST = { memory: '(memory (export "memory") 16384)' };

/** Milliseconds that a single host call of these may hold everybody up. Most take less than one. */
const PATIENCE = 2000;

async function quickly<T>(action: () => Promise<T>): Promise<T> {
  const before = performance.now();
  const result = await action();
  expect(performance.now() - before).toBeLessThan(PATIENCE);
  return result;
}

describe('a call of vast size is refused at once', () => {
  test.each([
    [
      'tags of a receive',
      '(drop (call $message.receive (i32.const 0) (i32.const 0x7000000) (i64.const 0)))',
      'a receive takes at most 65536 tags',
    ],
    [
      'parameters of a spawn',
      `(drop (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) (text "x") (i32.const 0)
        (i32.mul (i32.const 17) (i32.const 1000000)) (i32.const 16)))`,
      'a function has at most 1000 parameters',
    ],
    [
      'a name',
      '(call $registry.put (i32.const 0) (i32.const 0x30000000) (i64.const 0) (i64.const 1))',
      'is longer than 1048576',
    ],
  ])('%s', async (_, body, message) => {
    expect(await quickly(() => trapOf(main(body, VAST)))).toContain(message);
  });

  test.each([
    ['fd_write', '(call $fd_write (i32.const 1) (i32.const 0) (i32.const 0x4000000) (i32.const 8))'],
    ['fd_read', '(call $fd_read (i32.const 0) (i32.const 0) (i32.const 0x4000000) (i32.const 8))'],
    ['poll_oneoff', '(call $poll_oneoff (i32.const 0) (i32.const 0) (i32.const 200000) (i32.const 8))'],
  ])('%s', async (_, call) => {
    const { exit } = await quickly(() => run(main(`(call $proc_exit ${call})`, VAST)));
    expect(exit).toEqual({ kind: 'exited', code: 28 });
  });

  test('a write of many buffers is cut', async () => {
    // A thousand buffers that are all the same 64 MiB.
    const source = main(
      `(local $i i32)
       (loop $fill
         (i32.store (i32.add (i32.const 4096) (i32.mul (local.get $i) (i32.const 8))) (i32.const 0x1000000))
         (i32.store (i32.add (i32.const 4100) (i32.mul (local.get $i) (i32.const 8))) (i32.const 0x4000000))
         (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
       (drop (call $fd_write (i32.const 2) (i32.const 4096) (i32.const 1000) (i32.const 8)))
       (call $show32 (text "written") (i32.load (i32.const 8)))`,
      VAST,
    );
    expect(await quickly(() => linesOf(source))).toEqual(['written 1048576']);
  });
});

test('catches within catches end, and leave the scheduler whole', async () => {
  const source = guest(
    `(global $depth (mut i32) (i32.const 0))
     (func $dive (drop (call $trap.catch (i32.const 0) (i32.const 0))))
     (func (export "_lunatic_catch_trap") (param i32 i32) (result i32)
       (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
       (drop (call $message.receive (i32.const 0) (i32.const 0) (i64.const 0)))
       (call $dive)
       (i32.const 1))
     (func (export "_start")
       (call $dive)
       (call $show32 (text "depth") (global.get $depth))
       (global.set $depth (i32.const 0))
       (call $dive)
       (call $show32 (text "again") (global.get $depth)))`,
  );
  expect(await quickly(() => linesOf(source))).toEqual(['depth 256', 'again 256']);
});

test('random numbers by the gibibyte let others run', async () => {
  const source = guest(
    `(func (export "others") (call $print (text "others run")))
     (func (export "_start")
       (drop (call $spawn (i64.const 0) (text "others")))
       (drop (call $random_get (i32.const 0x1000000) (i32.const 0x8000000)))
       (call $print (text "done")))`,
    VAST,
  );
  expect(await linesOf(source)).toEqual(['others run', 'done']);
});

test('a filter of many tags does not make a full mailbox slow', async () => {
  const source = main(
    `(local $i i32)
     (loop $send
       (call $message.create_data (i64.extend_i32_u (i32.add (local.get $i) (i32.const 1000000))) (i64.const 0))
       (drop (call $message.send (call $process.process_id)))
       (br_if $send (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20000))))
     (local.set $i (i32.const 0))
     (loop $tags
       (i64.store (i32.add (i32.const 0x1000000) (i32.mul (local.get $i) (i32.const 8))) (i64.extend_i32_u (local.get $i)))
       (br_if $tags (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 50000))))
     (call $show32 (text "code") (call $message.receive (i32.const 0x1000000) (i32.const 50000) (i64.const 0)))`,
    VAST,
  );
  expect(await quickly(() => linesOf(source))).toEqual(['code 9027']);
});

/** What the log says of the end of a process. */
function logged(process: Process, exit: Exit): string {
  let text = '';
  const reports = new Reports({
    write: (bytes) => {
      text += Buffer.from(bytes).toString();
      return null;
    },
  });
  logExit(new Log(reports, LogFilter.atLevel('trace'), false), process, exit);
  return text;
}

describe('names that a guest chose', () => {
  const EVIL = '\\1b]0;owned\\07\\1b[2J\\nprocess 9 trapped: forged';

  test('do not reach the terminal as they are', async () => {
    const program = await run(
      guest(
        `(func (export "_start")
           (call $registry.put (text "${EVIL}") (i64.const 0) (i64.const 1))
           (drop (call $spawn (i64.const 0) (text "${EVIL}")))
           (call $process.sleep_ms (i64.const 5))
           unreachable)`,
      ),
    );
    expect(program.exits).toHaveLength(2);
    for (const { process, exit } of program.exits) {
      const text = logged(process, exit);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
      expect(text.match(/^\S/gm)).toEqual(['[']);
    }
  });

  test('of imports are shown without their control characters', async () => {
    const bytes = await assemble(`(module (import "${EVIL}" "${EVIL}" (func)))`);
    const load = () => new Runtime().load(bytes);
    expect(load).toThrow(LinkError);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
    expect(load).not.toThrow(/[\u0000-\u0009\u000b-\u001f]/);
  });

  test('of functions cannot make reading a stack slow', async () => {
    const unreachable = await assemble('(module (func (export "_start") unreachable))');
    const name = [...Buffer.from(`${'wasm://wasm/'.repeat(8000)}\nx`)];
    const leb = (n: number) => [(n & 0x7f) | 0x80, ((n >> 7) & 0x7f) | 0x80, n >> 14];
    const map = [1, 0, ...leb(name.length), ...name];
    const contents = [4, 0x6e, 0x61, 0x6d, 0x65, 1, ...leb(map.length), ...map];
    const bytes = new Uint8Array([...unreachable, 0, ...leb(contents.length), ...contents]);
    const { exits } = await run(bytes);
    const [end] = exits;
    if (end === undefined) throw new Error('nothing ended');
    const text = await quickly(async () => logged(end.process, end.exit));
    expect(text.length).toBeLessThan(500);
  });
});

test('twenty thousand wrong imports are listed in part, and soon', async () => {
  const imports = Array.from({ length: 20_000 }, (_, i) => `(import "lunatic::process" "spwan${i}" (func))`);
  const bytes = await assemble(`(module ${imports.join('')})`);
  const message = await quickly(async () => {
    try {
      new Runtime().load(bytes);
      return 'it links';
    } catch (error) {
      return String(error);
    }
  });
  expect(message).toContain('20000 imports cannot be linked');
  expect(message).toContain('... and 19500 more');
  expect(message.length).toBeLessThan(100_000);
});

test('an observer that fails does not keep links from hearing of a death', async () => {
  const program = await start(
    guest(
      `(func (export "fails") unreachable)
       (func (export "_start")
         (call $process.die_when_link_dies (i32.const 0))
         (drop (call $spawn (i64.const 7) (text "fails")))
         (call $show32 (text "code") (call $message.receive (i32.const 0) (i32.const 0) (i64.const -1))))`,
    ),
    {
      onExit: () => {
        throw new Error('the observer fails');
      },
    },
  );
  expect((await program.root.ended).kind).toBe('returned');
  expect(program.stdout.lines).toEqual(['code 1']);
});

test('a config of eight thousand arguments can be spawned with', async () => {
  const source = guest(
    `(func (export "child"))
     (func (export "_start") (local $i i32) (local $config i64)
       (local.set $config (call $process.create_config))
       (loop $add
         (call $wasi.config_add_command_line_argument (local.get $config) (text "x"))
         (br_if $add (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 8000))))
       (call $show32 (text "code")
         (call $process.spawn (i64.const 0) (local.get $config) (i64.const -1) (text "child")
           (i32.const 0) (i32.const 0) (i32.const 16))))`,
  );
  expect(await linesOf(source)).toEqual(['code 0']);
});
