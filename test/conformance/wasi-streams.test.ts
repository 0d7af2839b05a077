import { describe, expect, test } from 'vitest';
import { OutputError, ProcessConfig, Runtime } from '../../runtime/internal.ts';
import { guest, main } from '../support/guest.ts';
import { assemble, Capture, Feed, linesOf, nudge, run, runAll, start, trapOf } from '../support/program.ts';

/** Stores an iovec. */
const iovec = (at: number, operands: string) => `(call $iovec (i32.const ${at}) ${operands})`;
const IOVEC = `
  (func $iovec (param $at i32) (param $buffer i32) (param $length i32)
    (i32.store (local.get $at) (local.get $buffer))
    (i32.store (i32.add (local.get $at) (i32.const 4)) (local.get $length)))`;
const program = (body: string, functions = '') =>
  guest(`${IOVEC} ${functions} (func (export "_start") ${body})`);

describe('fd_write', () => {
  const HELLO = `${iovec(0, '(text "hello ")')} ${iovec(8, '(i32.const 0) (i32.const 0)')} ${iovec(16, '(text "world\\n")')}`;
  const write = (fd: number, count = 3) =>
    `(call $show32 (text "code") (call $fd_write (i32.const ${fd}) (i32.const 0) (i32.const ${count}) (i32.const 32)))
     (call $show32 (text "written") (i32.load (i32.const 32)))`;

  test('gathers several buffers, to the output', async () => {
    expect(await linesOf(program(HELLO + write(1)))).toEqual(['hello world', 'code 0', 'written 12']);
  });

  test('and to the error stream, which is another one', async () => {
    const { stdout, stderr } = await run(program(HELLO + write(2)));
    expect([stdout.lines, stderr.lines]).toEqual([['code 0', 'written 12'], ['hello world']]);
  });

  test('of no buffers writes nothing', async () => {
    expect(await linesOf(program(write(1, 0)))).toEqual(['code 0', 'written 0']);
  });

  test.each([0, 3, 99, -1])('to descriptor %i is EBADF', async (fd) => {
    expect(await linesOf(program(HELLO + write(fd)))).toEqual(['code 8', 'written 0']);
  });

  test('outside the memory traps before anything is written', async () => {
    const bad = program(
      `${iovec(0, '(text "first")')} ${iovec(8, '(i32.const -4) (i32.const 8)')} ${write(1, 2)}`,
    );
    const { exit, stdout } = await run(bad);
    expect([exit.kind, stdout.text]).toEqual(['trapped', '']);
    expect(await trapOf(program(write(1, -1)))).toMatch(/out of bounds/);
  });

  test('children write to the same streams', async () => {
    const source = guest(
      '(func (export "child") (call $print (text "child"))) (func (export "_start") (call $run (text "child")))',
    );
    expect(await linesOf(source)).toEqual(['child']);
  });

  /** Runs a program whose output is full after each write until `drained` settles. */
  async function withFullOutput(source: string, drained: () => Promise<void>) {
    const output = new Capture();
    const error = new Capture();
    const full = {
      isTerminal: false,
      isFull: false,
      whenWritable: () => () => {},
      write(bytes: Uint8Array) {
        output.write(bytes);
        return drained();
      },
    };
    const runtime = new Runtime();
    const root = await runtime.run(runtime.load(await assemble(source)), {
      config: ProcessConfig.forRoot(),
      stdio: { input: new Feed(), output: full, error },
    });
    return { exit: root.ended, output, error };
  }
  const toError = (name: string) =>
    `${iovec(0, `(text "${name}\\n")`)} (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 32)))`;
  const toOutput = `${iovec(0, '(text "x")')} (call $code (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))`;
  const CODE = `(func $code (param $code i32)
    (if (i32.eqz (local.get $code)) (then ${toError('code 0')}))
    (if (i32.eq (local.get $code) (i32.const 64)) (then ${toError('code 64')})))`;

  test('waits while the stream is full, and only its process does', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const source = program(
      `(drop (call $spawn (i64.const 0) (text "other"))) ${toOutput}`,
      `${CODE} (func (export "other") ${toError('other runs')} (call $send (i64.const 1) (i64.const 0) (i64.const 0)))`,
    );
    const { exit, output, error } = await withFullOutput(source, () => promise);
    await expect.poll(() => error.lines).toEqual(['other runs']);
    expect(output.text).toBe('x');
    resolve();
    expect((await exit).kind).toBe('returned');
    expect(error.lines).toEqual(['other runs', 'code 0']);
  });

  test('to a stream whose other side is gone is EPIPE', async () => {
    const source = program(toOutput, CODE);
    const { exit, error } = await withFullOutput(source, () => Promise.reject(new OutputError('closed')));
    expect((await exit).kind).toBe('returned');
    expect(error.lines).toEqual(['code 64']);
  });

  test('with several buffers, or by a process that dies of it, fails no differently', async () => {
    // A rejection that nobody handles would fail this run.
    const two = `${iovec(8, '(text "y")')} (call $code (call $fd_write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 32)))`;
    const closed = () => Promise.reject(new OutputError('closed'));
    const source = program(`${iovec(0, '(text "x")')} ${two}`, CODE);
    const { exit, error } = await withFullOutput(source, closed);
    expect((await exit).kind).toBe('returned');
    expect(error.lines).toEqual(['code 64']);
    const dying = program(`(call $process.kill (call $process.process_id)) ${toOutput}`, CODE);
    expect((await (await withFullOutput(dying, closed)).exit).kind).toBe('killed');
  });
});

describe('fd_read', () => {
  /** Reads up to 10 bytes into two buffers of 4 and 6, and prints what came. */
  const READ = `(func $read
    ${iovec(0, '(i32.const 0x100) (i32.const 4)')} ${iovec(8, '(i32.const 0x104) (i32.const 6)')}
    (call $expect (call $fd_read (i32.const 0) (i32.const 0) (i32.const 2) (i32.const 32)) (i32.const 0))
    (call $print (i32.const 0x100) (i32.load (i32.const 32))))`;

  test('scatters into several buffers what is there; 0 bytes are the end', async () => {
    const input = new Feed();
    input.push('abcdefghijklm');
    input.end();
    expect(await linesOf(program('(call $read) (call $read) (call $read)', READ), { input })).toEqual([
      'abcdefghij',
      'klm',
      '',
    ]);
  });

  test('suspends only its process until something comes', async () => {
    const input = new Feed();
    const { root, stdout } = await start(
      program(
        `(drop (call $spawn (i64.const 0) (text "other"))) (call $print (text "reading")) (call $read)`,
        `${READ} (func (export "other") (call $print (text "other runs")))`,
      ),
      { input },
    );
    await expect.poll(() => stdout.lines).toEqual(['reading', 'other runs']);
    expect(input.waiting).toBe(1);
    input.push('late');
    expect((await root.ended).kind).toBe('returned');
    expect(stdout.lines).toEqual(['reading', 'other runs', 'late']);
  });

  test('by two processes gives each byte once', async () => {
    const input = new Feed();
    const program2 = await start(
      program(
        '(drop (call $spawn (i64.const 0) (text "other"))) (call $read)',
        `${READ} (func (export "other") (call $read))`,
      ),
      { input },
    );
    await expect.poll(() => input.waiting).toBe(2);
    input.push('first');
    await expect.poll(() => program2.stdout.lines).toEqual(['first']);
    await expect.poll(() => input.waiting).toBe(1);
    input.push('second');
    await program2.empty;
    expect(program2.stdout.lines).toEqual(['first', 'second']);
  });

  test('of a killed process takes nothing', async () => {
    const input = new Feed();
    const running = await start(
      program(
        `(call $process.monitor (call $spawn (i64.const 0) (text "other"))) (call $expect (call $receive) (i32.const 0))
         (call $process.kill (i64.const 2)) (call $expect (call $receive) (i32.const 2)) (call $print (text "killed")) (call $read)`,
        `${READ} (func (export "other") (call $read))`,
      ),
      { input },
    );
    const { stdout } = running;
    await expect.poll(() => input.waiting).toBe(1);
    nudge(running);
    await expect.poll(() => stdout.lines).toEqual(['killed']);
    await expect.poll(() => input.waiting).toBe(1);
    input.push('mine');
    await running.empty;
    expect(stdout.lines).toEqual(['killed', 'mine']);
  });

  test('of a process that does not wait is EAGAIN, until something is there', async () => {
    const input = new Feed();
    const poll = `(i32.store8 (i32.const 0x208) (i32.const 1))
      (call $expect (call $poll_oneoff (i32.const 0x200) (i32.const 0x300) (i32.const 1) (i32.const 32)) (i32.const 0))`;
    const { root, stdout } = await start(
      program(
        '(call $run (text "child")) (call $read)',
        `${READ}
         (func (export "child")
           (call $expect (call $fd_fdstat_set_flags (i32.const 0) (i32.const 4)) (i32.const 0))
           ${iovec(0, '(i32.const 0x100) (i32.const 3)')}
           (call $show32 (text "code") (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 32)))
           ${poll}
           (call $show32 (text "code") (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 32)))
           (call $print (i32.const 0x100) (i32.load (i32.const 32)))
           ${poll})`,
      ),
      { input },
    );
    await expect.poll(() => input.waiting).toBe(1);
    input.push('abcdef');
    expect((await root.ended).kind).toBe('returned');
    // A poll has taken nothing.
    expect(stdout.lines).toEqual(['code 6', 'code 0', 'abc', 'def']);
  });

  test('of nothing wanted returns at once', async () => {
    const body = `(call $show32 (text "code") (call $fd_read (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 32)))
      (call $show32 (text "read") (i32.load (i32.const 32)))`;
    expect(await linesOf(main(body))).toEqual(['code 0', 'read 0']);
  });

  test.each([1, 2, 99])('from descriptor %i is EBADF', async (fd) => {
    const body = `(call $show32 (text "code") (call $fd_read (i32.const ${fd}) (i32.const 0) (i32.const 1) (i32.const 32)))`;
    expect(await linesOf(main(body))).toEqual(['code 8']);
  });

  test('outside the memory traps before anything is taken', async () => {
    const input = new Feed();
    input.push('abc');
    const source = program(
      `${iovec(0, '(i32.const 0xfffff) (i32.const 2)')}
       (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 32)))`,
    );
    expect(await trapOf(source, { input })).toMatch(/out of bounds/);
    expect(Buffer.from(input.read(3) ?? []).toString()).toBe('abc');
  });
});

describe('the standard streams', () => {
  test('cannot seek and have no position', async () => {
    const code = (call: string) => `(call $show32 (text "code") ${call})`;
    const body = [0, 1, 2, 9]
      .map((fd) => code(`(call $fd_seek (i32.const ${fd}) (i64.const 0) (i32.const 0) (i32.const 0))`))
      .join('\n');
    expect(await linesOf(main(`${body} ${code('(call $fd_tell (i32.const 1) (i32.const 0))')}`))).toEqual([
      ...['code 70', 'code 70', 'code 70', 'code 8'],
      'code 70',
    ]);
  });

  test('are no terminals here: type unknown, output appends', async () => {
    const stat = (fd: number) => `
      (call $show32 (text "code") (call $fd_fdstat_get (i32.const ${fd}) (i32.const 0)))
      (call $show32 (text "type") (i32.load8_u (i32.const 0)))
      (call $show32 (text "flags") (i32.load16_u (i32.const 2)))`;
    expect(await linesOf(main(stat(0) + stat(1)))).toEqual([
      ...['code 0', 'type 0', 'flags 0'],
      ...['code 0', 'type 0', 'flags 1'],
    ]);
    expect(
      await linesOf(main('(call $show32 (text "code") (call $fd_fdstat_get (i32.const 9) (i32.const 0)))')),
    ).toEqual(['code 8']);
  });

  test('are shared with children', async () => {
    const input = new Feed();
    input.push('for the child');
    const source = program(
      '(call $run (text "child"))',
      `(func (export "child")
         ${iovec(0, '(i32.const 0x100) (i32.const 100)')}
         (call $expect (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 32)) (i32.const 0))
         (call $print (i32.const 0x100) (i32.load (i32.const 32))))`,
    );
    expect((await runAll(source, { input })).stdout.lines).toEqual(['for the child']);
  });
});
