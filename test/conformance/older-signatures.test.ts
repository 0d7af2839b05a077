import { describe, expect, test } from 'vitest';
import { run, start } from '../support/program.ts';

const SELF = `
  (import "lunatic::process" "process_id" (func $self (result i64)))
  (import "lunatic::message" "create_data" (func $create (param i64 i64)))
  (import "lunatic::message" "get_tag" (func $tag (result i64)))
  (import "lunatic::timer" "send_after" (func $send_after (param i64 i64) (result i64)))
  (memory (export "memory") 1)
  (func $put (param $tag i64) (call $create (local.get $tag) (i64.const 0)))
  (func $is (param i32 i32) (if (i32.ne (local.get 0) (local.get 1)) (then unreachable)))
  (func $is_tag (param i64) (if (i64.ne (local.get 0) (call $tag)) (then unreachable)))`;

/** Runs a module whose `_start` checks what it gets. */
async function passes(imports: string, body: string): Promise<void> {
  const { exit } = await run(`(module ${imports} ${SELF} (func (export "_start") ${body}))`);
  expect(exit).toEqual({ kind: 'returned' });
}

const SEND = '(import "lunatic::message" "send" (func $send (param i64) (result i32)))';
const RECEIVE = '(import "lunatic::message" "receive" (func $receive (param i32 i32 i64) (result i32)))';
const REQUEST = (params: string) =>
  `(import "lunatic::message" "send_receive_skip_search" (func $request (param ${params}) (result i32)))`;

describe('signatures of older releases', () => {
  test('send without a result', async () => {
    await passes(
      `(import "lunatic::message" "send" (func $send (param i64))) ${RECEIVE}`,
      `(call $put (i64.const 5)) (call $send (call $self))
       (call $is (call $receive (i32.const 0) (i32.const 0) (i64.const -1)) (i32.const 0))
       (call $is_tag (i64.const 5))`,
    );
  });

  test.each([
    ['i64', 'i64.const -1'],
    ['i32', 'i32.const 0'],
  ])(
    'send_receive_skip_search of two parameters (timeout %s) waits for the tag of the sent message',
    async (type, forever) => {
      await passes(
        `${SEND} ${RECEIVE} ${REQUEST(`i64 ${type}`)}`,
        `;; a message of another tag arrives first
       (call $put (i64.const 8)) (drop (call $send_after (call $self) (i64.const 1)))
       (call $put (i64.const 7)) (drop (call $send_after (call $self) (i64.const 5)))
       (call $put (i64.const 7))
       (call $is (call $request (i64.const 99) (${forever})) (i32.const 0))
       (call $is_tag (i64.const 7))
       (call $is (call $receive (i32.const 0) (i32.const 0) (i64.const 0)) (i32.const 0))
       (call $is_tag (i64.const 8))`,
      );
    },
  );

  test('and for any message where that one has no tag', async () => {
    await passes(
      REQUEST('i64 i64'),
      `(call $put (i64.const 8)) (drop (call $send_after (call $self) (i64.const 1)))
       (call $put (i64.const 0))
       (call $is (call $request (i64.const 99) (i64.const -1)) (i32.const 0))
       (call $is_tag (i64.const 8))`,
    );
  });

  test('and times out', async () => {
    for (const [type, timeout] of [
      ['i64', 'i64.const 3'],
      ['i32', 'i32.const 3'],
    ]) {
      await passes(
        REQUEST(`i64 ${type}`),
        `(call $put (i64.const 8)) (call $is (call $request (i64.const 99) (${timeout})) (i32.const 9027))`,
      );
    }
  });

  test('receive with an i32 timeout, where 0 is none', async () => {
    await passes(
      '(import "lunatic::message" "receive" (func $receive (param i32 i32 i32) (result i32)))',
      `(call $is (call $receive (i32.const 0) (i32.const 0) (i32.const 3)) (i32.const 9027))
       (call $put (i64.const 8)) (drop (call $send_after (call $self) (i64.const 3)))
       (call $is (call $receive (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 0))
       (call $is_tag (i64.const 8))`,
    );
  });

  test('receive of one tag by value', async () => {
    await passes(
      `${SEND} (import "lunatic::message" "receive" (func $receive (param i64 i32) (result i32)))`,
      `(call $put (i64.const 8)) (drop (call $send (call $self)))
       (call $put (i64.const 9)) (drop (call $send (call $self)))
       (call $is (call $receive (i64.const 7) (i32.const 3)) (i32.const 9027))
       (call $is (call $receive (i64.const 9) (i32.const 0)) (i32.const 0)) (call $is_tag (i64.const 9))
       (call $is (call $receive (i64.const 0) (i32.const 0)) (i32.const 0)) (call $is_tag (i64.const 8))`,
    );
  });

  test('create_config with its limits', async () => {
    await passes(
      `(import "lunatic::process" "create_config" (func $create_config (param i64 i64) (result i64)))
       (import "lunatic::process" "config_get_max_memory" (func $memory (param i64) (result i64)))
       (import "lunatic::process" "config_get_max_fuel" (func $fuel (param i64) (result i64)))`,
      `(call $is (i32.wrap_i64 (call $create_config (i64.const 131072) (i64.const 3))) (i32.const 0))
       (call $is (i32.wrap_i64 (call $memory (i64.const 0))) (i32.const 131072))
       (call $is (i32.wrap_i64 (call $fuel (i64.const 0))) (i32.const 3))`,
    );
  });

  test('spawn of seven parameters, without a config', async () => {
    const { exit } = await run(`(module
      (import "lunatic::process" "spawn" (func $spawn (param i64 i64 i32 i32 i32 i32 i32) (result i32)))
      ${SEND} ${RECEIVE} ${SELF}
      (data (i32.const 0) "child") (data (i32.const 16) "\\7f\\2a")
      (func (export "child") (param i32)
        (call $is (local.get 0) (i32.const 42))
        (call $put (i64.const 5)) (drop (call $send (i64.const 1))))
      (func (export "_start")
        (call $is (call $spawn (i64.const 9) (i64.const -1) (i32.const 0) (i32.const 5) (i32.const 16) (i32.const 17)
          (i32.const 64)) (i32.const 0))
        (call $is (i32.load (i32.const 64)) (i32.const 2))
        (call $is (call $receive (i32.const 0) (i32.const 0) (i64.const -1)) (i32.const 0))
        (call $is_tag (i64.const 5))))`);
    expect(exit).toEqual({ kind: 'returned' });
  });

  test('link in the distributed namespace as well', async () => {
    const { root } = await start(`(module
      (import "lunatic::distributed" "send" (func (param i64 i64)))
      (import "lunatic::distributed" "send_receive_skip_search" (func (param i64 i64 i64) (result i32)))
      (import "lunatic::distributed" "spawn" (func (param i64 i64 i64 i64 i32 i32 i32 i32 i32) (result i32)))
      (func (export "_start")))`);
    expect(await root.ended).toEqual({ kind: 'returned' });
  });

  test('cannot be mixed with the present one of the same function', async () => {
    const both = `(module ${REQUEST('i64 i64')} ${REQUEST('i64 i64 i64').replace('$request', '$new')} (func (export "_start")))`;
    await expect(start(both)).rejects.toThrow(/send_receive_skip_search: imported with two signatures/);
    const twice = `(module ${RECEIVE} ${RECEIVE.replace('$receive', '$again')} (func (export "_start")))`;
    expect(await (await start(twice)).root.ended).toEqual({ kind: 'returned' });
  });

  test('networking with timeouts of 32 bits, some for each operation; 0 is none', async () => {
    const import_ = (name: string, params: string, results = ' (result i32)') =>
      `(import "lunatic::networking" "${name}" (func $${name} (param ${params})${results}))`;
    await passes(
      `${import_('resolve', 'i32 i32 i32 i32')} ${import_('resolve_next', 'i64 i32 i32 i32 i32 i32')}
       ${import_('tcp_bind', 'i32 i32 i32 i32 i32 i32')} ${import_('tcp_local_addr', 'i64 i32')}
       ${import_('tcp_connect', 'i32 i32 i32 i32 i32 i32 i32')} ${import_('tcp_accept', 'i64 i32 i32')}
       ${import_('tcp_read', 'i64 i32 i32 i32 i32')} ${import_('tcp_write_vectored', 'i64 i32 i32 i32 i32')}
       ${import_('udp_bind', 'i32 i32 i32 i32 i32 i32')} ${import_('udp_local_addr', 'i64 i32')}
       ${import_('udp_connect', 'i64 i32 i32 i32 i32 i32 i32 i32')}
       ${import_('udp_receive', 'i64 i32 i32 i32 i32')} ${import_('udp_receive_from', 'i64 i32 i32 i32 i32 i32')}
       ${import_('udp_send', 'i64 i32 i32 i32 i32')}
       ${import_('udp_send_to', 'i64 i32 i32 i32 i32 i32 i32 i32 i32 i32')}`,
      `;; an address by its text: 127.0.0.1 at 0x40, the port at 0x60
       (i64.store (i32.const 0x20) (i64.const 0x2e302e302e373231)) (i32.store (i32.const 0x28) (i32.const 0x303a31))
       (call $is (call $resolve (i32.const 0x20) (i32.const 11) (i32.const 0) (i32.const 0)) (i32.const 0))
       (call $is (call $resolve_next (i64.load (i32.const 0)) (i32.const 0x50) (i32.const 0x40) (i32.const 0x60) (i32.const 0) (i32.const 0)) (i32.const 0))
       (call $is (call $tcp_bind (i32.const 4) (i32.const 0x40) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 0))
       (call $is (call $tcp_local_addr (i64.const 0) (i32.const 0)) (i32.const 0))
       (call $is (call $resolve_next (i64.load (i32.const 0)) (i32.const 0x50) (i32.const 0x40) (i32.const 0x60) (i32.const 0) (i32.const 0)) (i32.const 0))
       (call $is (call $tcp_connect (i32.const 4) (i32.const 0x40) (i32.load16_u (i32.const 0x60)) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 0))
       (call $is (call $tcp_accept (i64.const 0) (i32.const 0) (i32.const 8)) (i32.const 0))
       (call $is (call $tcp_read (i64.const 0) (i32.const 0x100) (i32.const 8) (i32.const 5) (i32.const 0)) (i32.const 9027))
       (i32.store (i32.const 0x70) (i32.const 0x20)) (i32.store (i32.const 0x74) (i32.const 6))
       (call $is (call $tcp_write_vectored (i64.const 1) (i32.const 0x70) (i32.const 1) (i32.const 100) (i32.const 0)) (i32.const 0))
       (call $is (i32.load (i32.const 0)) (i32.const 6))
       (call $is (call $tcp_read (i64.const 0) (i32.const 0x100) (i32.const 8) (i32.const 0) (i32.const 0)) (i32.const 0))
       (call $is (i32.load (i32.const 0x100)) (i32.load (i32.const 0x20)))
       ;; two sockets, of which the first is connected to the second
       (call $is (call $udp_bind (i32.const 4) (i32.const 0x40) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 0))
       (call $is (call $udp_bind (i32.const 4) (i32.const 0x40) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 0))
       (call $is (call $udp_local_addr (i64.const 1) (i32.const 0)) (i32.const 0))
       (call $is (call $resolve_next (i64.load (i32.const 0)) (i32.const 0x50) (i32.const 0x40) (i32.const 0x60) (i32.const 0) (i32.const 0)) (i32.const 0))
       (call $is (call $udp_receive (i64.const 1) (i32.const 0x100) (i32.const 8) (i32.const 5) (i32.const 0)) (i32.const 9027))
       (call $is (call $udp_receive_from (i64.const 1) (i32.const 0x100) (i32.const 8) (i32.const 5) (i32.const 0) (i32.const 8)) (i32.const 9027))
       (call $is (call $udp_send_to (i64.const 0) (i32.const 0x20) (i32.const 4) (i32.const 4) (i32.const 0x40) (i32.load16_u (i32.const 0x60)) (i32.const 0) (i32.const 0) (i32.const 9) (i32.const 0)) (i32.const 0))
       (call $is (call $udp_receive_from (i64.const 1) (i32.const 0x100) (i32.const 8) (i32.const 0) (i32.const 0) (i32.const 8)) (i32.const 0))
       (call $is (i32.load (i32.const 0)) (i32.const 4))
       (call $is (call $udp_connect (i64.const 0) (i32.const 4) (i32.const 0x40) (i32.load16_u (i32.const 0x60)) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0)) (i32.const 0))
       (call $is (call $udp_send (i64.const 0) (i32.const 0x20) (i32.const 5) (i32.const 9) (i32.const 0)) (i32.const 0))
       (call $is (call $udp_receive (i64.const 1) (i32.const 0x100) (i32.const 8) (i32.const 0) (i32.const 0)) (i32.const 0))
       (call $is (i32.load (i32.const 0)) (i32.const 5))`,
    );
  });
});
