import { describe, expect, test } from 'vitest';
import { guest, main } from '../support/guest.ts';
import { assemble, linesOf, trapOf } from '../support/program.ts';

/** Runs `_start` with this body, where `$self` sends the message to the process itself and receives it again. */
const program = (body: string, more = '') =>
  guest(`
    (func $self
      (call $expect (call $message.send (call $process.process_id)) (i32.const 0))
      (call $expect (call $receive) (i32.const 0)))
    ${more}
    (func (export "_start") ${body})`);

const CREATE = '(call $message.create_data (i64.const 0) (i64.const 0))';
const WRITE = (text: string) => `(drop (call $message.write_data (text "${text}")))`;
/** Reads up to 20 bytes and prints them. */
const READ = '(call $print (i32.const 0) (call $message.read_data (i32.const 0) (i32.const 20)))';
const SIZE = '(call $show (text "size") (call $message.data_size))';

describe('the scratch area', () => {
  test.each([
    ['write_data', '(drop (call $message.write_data (i32.const 0) (i32.const 1)))'],
    ['read_data', '(drop (call $message.read_data (i32.const 0) (i32.const 1)))'],
    ['seek_data', '(call $message.seek_data (i64.const 0))'],
    ['data_size', '(drop (call $message.data_size))'],
    ['get_tag', '(drop (call $message.get_tag))'],
    ['get_process_id', '(drop (call $message.get_process_id))'],
    ['take_module', '(drop (call $message.take_module (i64.const 0)))'],
    ['send', '(drop (call $message.send (i64.const 1)))'],
    [
      'send_receive_skip_search',
      '(drop (call $message.send_receive_skip_search (i64.const 1) (i64.const 1) (i64.const 0)))',
    ],
    ['send_after', '(drop (call $timer.send_after (i64.const 1) (i64.const 0)))'],
  ])('%s traps while it is empty', async (_, call) => {
    expect(await trapOf(main(call))).toMatch(/no message in the scratch area/);
  });

  test('is emptied by sending', async () => {
    const body = `${CREATE} (drop (call $message.send (i64.const 99))) (drop (call $message.data_size))`;
    expect(await trapOf(main(body))).toMatch(/no message in the scratch area/);
  });

  test('create_data drops the message that was there', async () => {
    const body = `
      (call $message.create_data (i64.const 7) (i64.const 100)) ${WRITE('first')}
      (call $message.create_data (i64.const 8) (i64.const 0)) ${SIZE}
      (call $show (text "tag") (call $message.get_tag))`;
    expect(await linesOf(program(body))).toEqual(['size 0', 'tag 8']);
  });

  test('create_data takes any capacity as a hint', async () => {
    const body = `(call $message.create_data (i64.const 1) (i64.const -1)) ${WRITE('still works')} ${READ}`;
    expect(await linesOf(program(body))).toEqual(['still works']);
  });

  test('a data message has process id 0', async () => {
    const body = `${CREATE} (call $show (text "id") (call $message.get_process_id))`;
    expect(await linesOf(program(body))).toEqual(['id 0']);
  });
});

describe('data', () => {
  test('writing appends and returns the length, reading advances, and ends with 0', async () => {
    const body = `${CREATE}
      (call $show32 (text "wrote") (call $message.write_data (text "hello ")))
      (call $show32 (text "wrote") (call $message.write_data (text "world")))
      (call $show32 (text "wrote") (call $message.write_data (i32.const 0) (i32.const 0)))
      ${SIZE}
      (call $show32 (text "read") (call $message.read_data (i32.const 0) (i32.const 3)))
      ${READ}
      (call $show32 (text "read") (call $message.read_data (i32.const 0) (i32.const 20)))
      ${SIZE}`;
    expect(await linesOf(program(body))).toEqual([
      'wrote 6',
      'wrote 5',
      'wrote 0',
      'size 11',
      'read 3',
      'lo world',
      'read 0',
      'size 11',
    ]);
  });

  test('writing after a read still appends, and what is written can be read', async () => {
    const body = `${CREATE} ${WRITE('abcdef')}
      (drop (call $message.read_data (i32.const 0) (i32.const 4)))
      ${WRITE('ghi')} ${READ}`;
    expect(await linesOf(program(body))).toEqual(['efghi']);
  });

  test('seek_data moves the read position back, forward and to the very end', async () => {
    const body = `${CREATE} ${WRITE('abcdef')}
      (call $message.seek_data (i64.const 4)) ${READ}
      (call $message.seek_data (i64.const 1)) ${READ}
      (call $message.seek_data (i64.const 6))
      (call $show32 (text "read") (call $message.read_data (i32.const 0) (i32.const 1)))`;
    expect(await linesOf(program(body))).toEqual(['ef', 'bcdef', 'read 0']);
  });

  test.each(['7', '-1'])('seek_data(%s) beyond the end is checked by the next read', async (index) => {
    const seek = `${CREATE} ${WRITE('abcdef')} (call $message.seek_data (i64.const ${index})) ${SIZE}`;
    expect(await linesOf(program(seek))).toEqual(['size 6']);
    const read = `${seek} (drop (call $message.read_data (i32.const 0) (i32.const 0)))`;
    expect(await trapOf(program(read))).toMatch(/beyond the message's 6 bytes/);
  });

  test('a large message arrives whole', async () => {
    const body = `${CREATE}
      (memory.fill (i32.const 0) (i32.const 0x5a) (i32.const 50000))
      (drop (call $message.write_data (i32.const 0) (i32.const 50000)))
      (drop (call $message.write_data (i32.const 0) (i32.const 50000)))
      (call $self) ${SIZE}
      (memory.fill (i32.const 0) (i32.const 0) (i32.const 50000))
      (call $message.seek_data (i64.const 60000))
      (call $show32 (text "read") (call $message.read_data (i32.const 0) (i32.const 50000)))
      (call $show32 (text "last") (i32.load8_u (i32.const 39999)))
      (call $show32 (text "next") (i32.load8_u (i32.const 40000)))`;
    expect(await linesOf(program(body))).toEqual(['size 100000', 'read 40000', 'last 90', 'next 0']);
  });

  test('what was written is a copy', async () => {
    const body = `${CREATE} (i32.store8 (i32.const 0) (i32.const 65))
      (drop (call $message.write_data (i32.const 0) (i32.const 1)))
      (i32.store8 (i32.const 0) (i32.const 66)) ${READ}`;
    expect(await linesOf(program(body))).toEqual(['A']);
  });

  test.each([
    ['write_data', '(drop (call $message.write_data (i32.const 0xffff) (i32.const 2)))'],
    ['write_data, inverted range', '(drop (call $message.write_data (i32.const 16) (i32.const -1)))'],
    ['write_data, pointer beyond', '(drop (call $message.write_data (i32.const -1) (i32.const 0)))'],
    // One byte would be copied, but the range must be valid for two.
    ['read_data', '(drop (call $message.read_data (i32.const 0xffff) (i32.const 2)))'],
  ])('%s traps outside the memory, and the message is lost', async (_, call) => {
    const create = `${CREATE}
      (call $expect (call $message.write_data (i32.const 0) (i32.const 1)) (i32.const 1))`;
    expect(await trapOf(main(`${create} ${call}`))).toMatch(/out of bounds/);
    const caught = `
      (func (export "_lunatic_catch_trap") (param i32 i32) (result i32) ${call} (i32.const 1))
      (func (export "_start") ${create}
        (call $expect (call $trap.catch (i32.const 0) (i32.const 0)) (i32.const 0))
        (drop (call $message.data_size)))`;
    expect(await trapOf(guest(caught))).toMatch(/no message in the scratch area/);
  });

  test('the memory may grow in between', async () => {
    const body = `${CREATE} ${WRITE('abc')}
      (call $expect (memory.grow (i32.const 1)) (i32.const 2))
      (call $show32 (text "read") (call $message.read_data (i32.const 0x20000) (i32.const 3)))
      (call $print (i32.const 0x20000) (i32.const 3))`;
    expect(await linesOf(program(body))).toEqual(['read 3', 'abc']);
  });

  test('the last bytes of the memory can be read into', async () => {
    const body = `${CREATE} (drop (call $message.write_data (i32.const 0xfffe) (i32.const 2)))
      (call $show32 (text "read") (call $message.read_data (i32.const 0x1fffe) (i32.const 2)))`;
    expect(await linesOf(program(body))).toEqual(['read 2']);
  });
});

describe('forwarding', () => {
  test('keeps tag, data and read position, and the message can be extended', async () => {
    const body = `
      (call $message.create_data (i64.const 5) (i64.const 0)) ${WRITE('abc')}
      (drop (call $message.read_data (i32.const 0) (i32.const 1)))
      (call $self) ${WRITE('de')} (call $self)
      (call $show (text "tag") (call $message.get_tag)) ${SIZE} ${READ}
      (call $message.seek_data (i64.const 0)) (call $self) ${READ}`;
    expect(await linesOf(program(body))).toEqual(['tag 5', 'size 5', 'bcde', 'abcde']);
  });
});

describe('modules in messages', () => {
  const ANSWER = '(module (func (export "answer")))';
  const COMPILE = `(call $expect (call $process.compile_module (blob "m") (i32.const 8)) (i32.const 0))`;
  const PUSH = '(call $show (text "pushed") (call $message.push_module (i64.const 0)))';
  const TAKE = (index: number) =>
    `(call $show (text "took") (call $message.take_module (i64.const ${index})))`;
  const withModule = async (body: string) =>
    guest(
      `(func $self
         (drop (call $message.send (call $process.process_id)))
         (call $expect (call $receive) (i32.const 0)))
       (func (export "_start") ${COMPILE} ${CREATE} ${body})`,
      { blobs: { m: await assemble(ANSWER) } },
    );

  test('count indexes from 0, are taken in any order under new ids, and the sender keeps its own', async () => {
    const body = `${PUSH} ${PUSH} ${PUSH} (call $self) ${TAKE(2)} ${TAKE(0)}
      (call $process.drop_module (i64.const 0)) ${PUSH.replace('i64.const 0', 'i64.const 1')}`;
    expect(await linesOf(await withModule(body))).toEqual([
      'pushed 0',
      'pushed 1',
      'pushed 2',
      'took 1',
      'took 2',
      'pushed 3',
    ]);
  });

  test('a module that another process takes can be spawned there', async () => {
    const source = guest(
      `(func (export "other")
         (call $expect (call $receive) (i32.const 0))
         (call $show32 (text "spawned")
           (call $process.spawn (i64.const 0) (i64.const -1) (call $message.take_module (i64.const 0))
             (text "answer") (i32.const 0) (i32.const 0) (i32.const 8))))
       (func (export "_start") (local $other i64)
         (local.set $other (call $spawn (i64.const 0) (text "other")))
         (call $process.monitor (local.get $other))
         ${COMPILE} ${CREATE} ${PUSH} (drop (call $message.send (local.get $other)))
         (call $expect (call $receive) (i32.const 2)))`,
      { blobs: { m: await assemble(ANSWER) } },
    );
    expect(await linesOf(source)).toEqual(['pushed 0', 'spawned 0']);
  });

  test('forwarding takes along what was not taken; the hole stays', async () => {
    const body = `${PUSH} ${PUSH} (call $self) ${TAKE(0)} (call $self) ${TAKE(1)} ${PUSH}`;
    expect(await linesOf(await withModule(body))).toEqual([
      'pushed 0',
      'pushed 1',
      'took 1',
      'took 2',
      'pushed 2',
    ]);
  });

  test.each([
    ['taking twice', `${PUSH} ${TAKE(0)} ${TAKE(0)}`, /index 0 was taken/],
    ['an index out of range', `${PUSH} ${TAKE(1)}`, /no resource of index 1/],
    ['an index of all bits', `${PUSH} ${TAKE(-1)}`, /no resource of index/],
    ['a message without resources', TAKE(0), /no resource of index 0/],
    ['pushing an unknown module', '(drop (call $message.push_module (i64.const 1)))', /unknown module id 1/],
  ])('%s traps', async (_, body, message) => {
    expect(await trapOf(await withModule(body))).toMatch(message);
  });
});
