import { describe, expect, test } from 'vitest';
import { ProcessConfig } from '../../runtime/internal.ts';
import { networkGuest } from '../support/network.ts';
import { run, runAll } from '../support/program.ts';

function limited(limit: number): { config: ProcessConfig } {
  const config = ProcessConfig.forRoot();
  config.maxHostMemory = limit;
  return { config };
}

const BEYOND = { kind: 'trapped', message: expect.stringMatching(/max_host_memory/) };

describe('what sockets hold counts for their process, against max_host_memory', () => {
  /** Connects again and again, and does something with both streams. */
  const connecting = (start: string, withStreams: (stream: string) => string) =>
    networkGuest(
      `(func (export "_start") (local $l i64) (local $port i32)
         (local.set $l (call $listen))
         (local.set $port (call $port_of (local.get $l)))
         ${start}
         (loop $again
           ${withStreams('(call $connect (local.get $port))')}
           ${withStreams('(call $accept (local.get $l))')}
           (call $print (text "connected"))
           (br $again)))`,
    );

  test.each([
    ['in its tables', connecting('', (stream) => `(drop ${stream})`)],
    [
      'in a message',
      connecting(
        '(call $message.create_data (i64.const 1) (i64.const 0))',
        (stream) => `(drop (call $message.push_tcp_stream ${stream}))`,
      ),
    ],
    [
      'in messages that wait for it',
      connecting(
        '',
        (stream) => `(call $message.create_data (i64.const 1) (i64.const 0))
          (drop (call $message.push_tcp_stream ${stream}))
          (drop (call $message.send (call $process.process_id)))`,
      ),
    ],
  ])('%s', async (_, source) => {
    const { exit, stdout } = await run(source, limited(2 ** 20));
    // Each of them may hold tens of KiB that nobody reads.
    expect(stdout.lines.length).toBeLessThan(20);
    expect(exit).toMatchObject(BEYOND);
  });

  test.each([
    ['listeners, with connections that wait', '(call $listen)', 9],
    ['datagram sockets, with datagrams that wait', '(call $udp)', 5],
  ])('%s', async (_, open, most) => {
    const source = networkGuest(
      `(func $udp (result i64)
         (if (call $networking.udp_bind (i32.const 4) (i32.const 0x100) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0x200))
           (then (call $fail (i64.load (i32.const 0x200)))))
         (i64.load (i32.const 0x200)))
       (func (export "_start")
         (i32.store (i32.const 0x100) (i32.const 0x0100007f))
         (loop $again (drop ${open}) (call $print (text "open")) (br $again)))`,
    );
    const { exit, stdout } = await run(source, limited(2 ** 20));
    expect(stdout.lines.length).toBeLessThan(most);
    expect(exit).toMatchObject(BEYOND);
  });

  test('a stream that travels counts where it is, once', async () => {
    const source = networkGuest(
      `(func $pass (param $to i64) (param $stream i64)
         (call $message.create_data (i64.const 1) (i64.const 0))
         (drop (call $message.push_tcp_stream (local.get $stream)))
         (drop (call $message.send (local.get $to))))
       (func $take (result i64)
         (call $expect (call $receive) (i32.const 0))
         (call $message.take_tcp_stream (i64.const 0)))
       (func (export "returns") (loop $again (call $pass (i64.const 1) (call $take)) (br $again)))
       (func (export "_start") (local $l i64) (local $i i32) (local $stream i64) (local $other i64)
         (local.set $l (call $listen))
         (local.set $stream (call $connect (call $port_of (local.get $l))))
         (local.set $other (call $spawn (i64.const 0) (text "returns")))
         (loop $again
           (call $pass (local.get $other) (local.get $stream))
           (local.set $stream (call $take))
           (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))
         (call $process.kill (local.get $other)))`,
    );
    // The listener takes 132 KiB.
    const { root, exit } = await runAll(source, limited((128 + 128) * 1024));
    expect(exit).toEqual({ kind: 'returned' });
    expect(root.environment.account.bytes).toBe(0);
  });
});
