import { describe, expect, test } from 'vitest';
import { guest, main } from '../support/guest.ts';
import { linesOf, trapOf } from '../support/program.ts';

/** Sends a message of tag 1 and value 5 to process 2 and waits for a tag. */
const request = (tag: number, timeout = -1) => `
  (call $put (i64.const 1) (i64.const 5))
  (call $show32 (text "code")
    (call $message.send_receive_skip_search (i64.const 2) (i64.const ${tag}) (i64.const ${timeout})))`;

/** Process 2: answers the first message with twice its value, under tag 7. */
const DOUBLER = `
  (func (export "doubler")
    (call $send (i64.const 1) (i64.const 7) (i64.mul (i64.const 2) (call $receive_value))))`;

const SPAWN = (name: string) => `(drop (call $spawn (i64.const 0) (text "${name}")))`;
const SHOW = '(call $show (text "tag") (call $message.get_tag)) (call $show (text "value") (call $value))';

describe('send_receive_skip_search', () => {
  test('sends and gives the answer', async () => {
    const source = guest(`${DOUBLER} (func (export "_start") ${SPAWN('doubler')} ${request(7)} ${SHOW})`);
    expect(await linesOf(source)).toEqual(['code 0', 'tag 7', 'value 10']);
  });

  test('ignores what arrived before, also of the tag; it stays in the mailbox, in order', async () => {
    const source = guest(`
      ${DOUBLER}
      (func (export "_start")
        ${SPAWN('doubler')}
        (call $send (call $process.process_id) (i64.const 7) (i64.const 1))
        (call $send (call $process.process_id) (i64.const 6) (i64.const 2))
        ;; both are in the mailbox once another receive had to wait
        (call $expect (call $receive_tag (i64.const 99) (i64.const 0)) (i32.const 9027))
        ${request(7)} ${SHOW}
        (call $show_received (call $receive))
        (call $show_received (call $receive)))`);
    expect(await linesOf(source)).toEqual(['code 0', 'tag 7', 'value 10', 'data 7 1', 'data 6 2']);
  });

  test('other messages that arrive meanwhile stay in the mailbox', async () => {
    const source = guest(`
      (func (export "chatty")
        (call $expect (call $receive) (i32.const 0))
        (call $send (i64.const 1) (i64.const 3) (i64.const 30))
        (call $send (i64.const 1) (i64.const 0) (i64.const 31))
        (call $send (i64.const 1) (i64.const 7) (i64.const 32)))
      (func (export "_start") ${SPAWN('chatty')} ${request(7)} ${SHOW}
        (call $show_received (call $receive)) (call $show_received (call $receive)))`);
    expect(await linesOf(source)).toEqual(['code 0', 'tag 7', 'value 32', 'data 3 30', 'data 0 31']);
  });

  test('a request to oneself is answered by itself', async () => {
    const source = main(`(call $put (i64.const 4) (i64.const 5))
      (call $show32 (text "code")
        (call $message.send_receive_skip_search (call $process.process_id) (i64.const 4) (i64.const -1)))
      ${SHOW}`);
    expect(await linesOf(source)).toEqual(['code 0', 'tag 4', 'value 5']);
  });

  test.each([
    ['0', 0],
    ['a few milliseconds', 5],
  ])('gives up after %s with 9027 and an empty scratch area', async (_, timeout) => {
    const source = main(`${request(7, timeout)} (drop (call $message.data_size))`);
    expect(await trapOf(source)).toMatch(/no message in the scratch area/);
    expect(await linesOf(main(request(7, timeout)))).toEqual(['code 9027']);
  });

  test('gets an answer that takes half of the time, though meanwhile a large instance is made', async () => {
    const exported = Array.from({ length: 30_000 }, (_, i) => `(func (export "${i}"))`).join(' ');
    const source = guest(`
      ${exported}
      (func (export "handler")
        (drop (call $receive_value))
        (call $send (i64.const 3) (i64.const 1) (i64.const 1))
        (call $process.sleep_ms (i64.const 200))
        (call $send (i64.const 1) (i64.const 7) (i64.const 10)))
      (func (export "spawner")
        (drop (call $receive_value))
        (call $process.sleep_ms (i64.const 1))
        ${SPAWN('child')})
      (func (export "child"))
      (func (export "_start") ${SPAWN('handler')} ${SPAWN('spawner')} ${request(7, 400)} ${SHOW})`);
    expect(await linesOf(source)).toEqual(['code 0', 'tag 7', 'value 10']);
  });

  test('a late answer is an ordinary message', async () => {
    const source = guest(`
      (func (export "late") (local $v i64)
        (local.set $v (call $receive_value))
        (call $expect (call $receive) (i32.const 0))
        (call $send (i64.const 1) (i64.const 7) (local.get $v)))
      (func (export "_start") ${SPAWN('late')} ${request(7, 5)}
        (call $send (i64.const 2) (i64.const 0) (i64.const 0))
        (call $show_received (call $receive)))`);
    expect(await linesOf(source)).toEqual(['code 9027', 'data 7 5']);
  });

  test('waiting for tag 0 never matches', async () => {
    const source = guest(`
      (func (export "untagged")
        (call $expect (call $receive) (i32.const 0))
        (call $send (i64.const 1) (i64.const 0) (i64.const 3)))
      (func (export "_start") ${SPAWN('untagged')} ${request(0, 20)} (call $show_received (call $receive)))`);
    expect(await linesOf(source)).toEqual(['code 9027', 'data 0 3']);
  });

  test('the death of a link whose tag matches counts as 0', async () => {
    const source = guest(`
      (func (export "failing") (call $expect (call $receive) (i32.const 0)) unreachable)
      (func (export "_start")
        (call $process.die_when_link_dies (i32.const 0))
        (drop (call $spawn (i64.const 7) (text "failing")))
        ${request(7)}
        (call $show (text "tag") (call $message.get_tag))
        (drop (call $message.data_size)))`);
    expect(await trapOf(source)).toMatch(/carries no data/);
    expect(await linesOf(source.replace('(drop (call $message.data_size))', ''))).toEqual([
      'code 0',
      'tag 7',
    ]);
  });

  test("the receiver's death does not end the wait", async () => {
    const source = guest(`
      (func (export "mortal") (call $expect (call $receive) (i32.const 0)) unreachable)
      (func (export "_start")
        ${SPAWN('mortal')} (call $process.monitor (i64.const 2))
        ${request(7, 20)} (call $show_received (call $receive)))`);
    expect(await linesOf(source)).toEqual(['code 9027', 'process 2']);
  });
});

describe('deaths in the scratch area', () => {
  /** Has a LinkDied of tag 11 and then a ProcessDied of process 3 in the mailbox; both children fail at once. */
  const deaths = (body: string) =>
    guest(`
      (func (export "failing") unreachable)
      (func (export "forwarder")
        (call $expect (call $receive) (i32.const 1))
        (drop (call $message.send (i64.const 1)))
        (call $expect (call $receive) (i32.const 2))
        (drop (call $message.send (i64.const 1)))
        (call $forever))
      (func (export "_start") (local $forwarder i64)
        (call $process.die_when_link_dies (i32.const 0))
        (drop (call $spawn (i64.const 11) (text "failing")))
        (call $process.monitor (call $spawn (i64.const 0) (text "failing")))
        ${body})`);

  test('a link death has code 1, its tag and process id 0', async () => {
    const body = `(call $show32 (text "code") (call $receive))
      (call $show (text "tag") (call $message.get_tag))
      (call $show (text "id") (call $message.get_process_id))`;
    expect(await linesOf(deaths(body))).toEqual(['code 1', 'tag 11', 'id 0']);
  });

  test('a process death has code 2, no tag and the id of the process', async () => {
    const body = `(call $expect (call $receive) (i32.const 1))
      (call $show32 (text "code") (call $receive))
      (call $show (text "tag") (call $message.get_tag))
      (call $show (text "id") (call $message.get_process_id))`;
    expect(await linesOf(deaths(body))).toEqual(['code 2', 'tag 0', 'id 3']);
  });

  test('a link death matches a filter by its tag, a process death never does', async () => {
    const body = `
      (call $show_received (call $receive_tag (i64.const 12) (i64.const 5)))
      (call $show_received (call $receive_tag (i64.const 11) (i64.const -1)))
      (call $show_received (call $receive_tag (i64.const 3) (i64.const 0)))
      (call $show_received (call $receive))`;
    expect(await linesOf(deaths(body))).toEqual(['timeout', 'link 11', 'timeout', 'process 3']);
  });

  test.each([
    ['link', 1],
    ['process', 2],
  ])('functions for data trap on a %s death', async (_, code) => {
    for (const call of [
      '(drop (call $message.write_data (i32.const 0) (i32.const 0)))',
      '(drop (call $message.read_data (i32.const 0) (i32.const 0)))',
      '(call $message.seek_data (i64.const 0))',
      '(drop (call $message.data_size))',
      '(drop (call $message.take_module (i64.const 0)))',
    ]) {
      const receive = '(local.set $forwarder (i64.extend_i32_u (call $receive)))';
      expect(await trapOf(deaths(`${receive.repeat(code)} ${call}`)), call).toMatch(/carries no data/);
    }
  });

  test('they can be sent on and arrive as the same', async () => {
    const body = `
      (local.set $forwarder (call $spawn (i64.const 0) (text "forwarder")))
      (call $expect (call $receive) (i32.const 1))
      (drop (call $message.send (local.get $forwarder)))
      (call $expect (call $receive) (i32.const 2))
      (drop (call $message.send (local.get $forwarder)))
      (call $show_received (call $receive))
      (call $show_received (call $receive))`;
    expect(await linesOf(deaths(body))).toEqual(['link 11', 'process 3']);
  });
});
