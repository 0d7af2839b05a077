import { expect, test } from 'vitest';
import { Ids } from '../../debug-adapter/ids.ts';
import { Output } from '../../debug-adapter/output.ts';
import { keyFromText, type MessageInfo, type ProcessInfo } from '../../runtime/inspect/protocol.ts';
import { messageLine, textOf, threadName } from '../../runtime/inspect/view/index.ts';
import { isLibraryCode } from '../../runtime/internal.ts';

const info: ProcessInfo = {
  key: keyFromText('1:5'),
  id: 5,
  environment: 1,
  parent: null,
  names: [],
  state: 'waiting',
  waitsFor: 'message',
  since: 0,
  module: 'm1',
  entry: 'worker',
  mailbox: 0,
  memory: 0,
  links: 0,
  monitors: 0,
};

test.each<[Partial<ProcessInfo>, string]>([
  [{}, '#5 worker (waiting for a message)'],
  [{ mailbox: 3 }, '#5 worker (waiting for a message, 3 in mailbox)'],
  [{ names: ['db', 'store'] }, '#5 db (waiting for a message)'],
  [{ environment: 2 }, '#2:5 worker (waiting for a message)'],
  [{ waitsFor: 'sleep' }, '#5 worker (sleeping)'],
  // It only waits for its next turn.
  [{ waitsFor: 'turn' }, '#5 worker (running)'],
  [{ state: 'paused', waitsFor: 'turn' }, '#5 worker (paused)'],
  [{ state: 'paused' }, '#5 worker (paused, waiting for a message)'],
  [{ state: 'initializing' }, '#5 worker (starting)'],
  [
    { state: 'held', end: { kind: 'trapped', message: 'unreachable' }, mailbox: 1 },
    '#5 worker (trapped: unreachable, 1 in mailbox)',
  ],
])('a thread of %j is called %s', (what, name) => {
  const { waitsFor, ...rest } = { ...info, ...what };
  const isWaiting = rest.state === 'waiting' || rest.state === 'paused';
  expect(threadName({ ...rest, ...(isWaiting && waitsFor !== undefined ? { waitsFor } : {}) })).toBe(name);
});

function message(data: Uint8Array | string, more: Partial<MessageInfo> = {}): MessageInfo {
  const bytes = Buffer.from(data);
  return {
    kind: 'data',
    tag: '0',
    size: bytes.length,
    data: bytes.toString('base64'),
    resources: [],
    ...more,
  };
}

test.each<[MessageInfo, string]>([
  [message('hi'), '2 bytes, "hi"'],
  [message('', { tag: '-3' }), 'tag -3, 0 bytes'],
  [message('a'), '1 byte, "a"'],
  [message('"quoted"\n'), '9 bytes, "\\"quoted\\"\\n"'],
  [message('x'.repeat(100)), `100 bytes, "${'x'.repeat(60)}"…`],
  [message(new Uint8Array(20)), `20 bytes, ${'00 '.repeat(16).trim()} …`],
  [message('', { resources: ['module', 'tcp stream'] }), '0 bytes, with module, tcp stream'],
  [message('', { kind: 'link-died', tag: '7' }), 'a linked process has died, tag 7'],
  [message('', { kind: 'process-died', process: 12 }), 'process 12 has died'],
])('a message of %j reads %s', (what, text) => {
  expect(messageLine(what)).toBe(text);
});

test('the beginning of a text whose last character is cut is still a text', () => {
  const whole = Buffer.from('né');
  expect(textOf(whole.subarray(0, 2), whole.length)).toBe('n');
  expect(textOf(whole.subarray(0, 2), 2)).toBe(undefined);
});

test.each([
  ['std::panicking::rust_panic_with_hook', true],
  ['core::panicking::panic_fmt', true],
  ['<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop', true],
  ['<&core::fmt::Arguments as core::fmt::Display>::fmt', true],
  ['rust_panic', true],
  ['rust_begin_unwind', true],
  ['__rust_alloc', true],
  ['__rdl_alloc', true],
  ['lunatic::mailbox::Mailbox<M,S>::receive', true],
  ['~lib/builtins/abort', true],
  ['<(T1,T2,T3,T4) as lunatic::ap::handlers::Handlers<AP>>::handle', true],
  ['<&T as core::fmt::Debug>::fmt', true],
  ['<(shop::Coin,) as lunatic::supervisor::Supervisable<K>>::init', false],
  ['<shop::Till as lunatic::ap::AbstractProcess>::init', false],
  ['<T as shop::Priced>::price', false],
  ['panic::find_the_cat', false],
  ['<bakery::Cake as core::fmt::Display>::fmt', false],
  ['corelli::play', false],
  ['stdout', false],
  ['rust_lover', false],
  ['_start', false],
  ['assembly/index/share~anonymous|0', false],
])('whether %s came with the language: %s', (functionName, isLibrary) => {
  expect(isLibraryCode(functionName)).toBe(isLibrary);
});

test('the same thing keeps its id until it goes', () => {
  const ids = new Ids();
  const thread = ids.thread(keyFromText('1:1'));
  expect(ids.thread(keyFromText('1:1'))).toBe(thread);
  const frame = ids.frame(keyFromText('1:1'), 2);
  const other = ids.frame(keyFromText('1:2'), 2);
  expect(ids.frame(keyFromText('1:1'), 2)).toBe(frame);
  expect(other).not.toBe(frame);
  const scope = ids.container({ kind: 'mailbox', process: keyFromText('1:1') });
  const first = ids.container({ kind: 'message', process: keyFromText('1:1'), index: 0 });
  expect(ids.container({ kind: 'message', process: keyFromText('1:1'), index: 1 })).not.toBe(first);
  expect(ids.containerOf(first)).toEqual({ kind: 'message', process: '1:1', index: 0 });

  ids.forget(keyFromText('1:1'));
  expect(ids.process(thread)).toBe(undefined);
  expect(ids.frameOf(frame)).toBe(undefined);
  expect(ids.containerOf(scope)).toBe(undefined);
  expect(ids.frameOf(other)).toEqual({ process: '1:2', depth: 2, inlined: 0 });
  // Who held the old one must not get something else by it.
  expect(ids.thread(keyFromText('1:1'))).not.toBe(thread);
});

test('output: both streams keep their own half of a character', () => {
  const printed: string[] = [];
  const output = new Output(({ body }) => printed.push(`${body.category}: ${body.output}`));
  output.print('stdout', Buffer.from([0xc3]));
  output.print('stderr', Buffer.from([0xe2, 0x82]));
  output.print('stdout', Buffer.from([0xbc]));
  output.print('stderr', Buffer.from([0xac]));
  output.print('stdout', Buffer.from([0x41, 0xc3]));
  output.end();
  expect(printed).toEqual(['stdout: ü', 'stderr: €', 'stdout: A', 'stdout: \ufffd']);
});
