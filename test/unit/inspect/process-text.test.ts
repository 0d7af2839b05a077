import { describe, expect, test } from 'vitest';
import { iconOf } from '../../../extension/processes/process-icon.ts';
import {
  keyFromText,
  type MessageInfo,
  type ProcessEnd,
  type ProcessInfo,
} from '../../../runtime/inspect/protocol.ts';
import {
  bytesOf,
  configRows,
  countOf,
  durationOf,
  endText,
  isFailure,
  mailboxText,
  processActivity,
  processName,
  processRows,
  stackText,
  type ViewedProcess,
} from '../../../runtime/inspect/view/index.ts';

const worker: ProcessInfo = {
  ...{
    key: keyFromText('1:5'),
    id: 5,
    environment: 1,
    parent: keyFromText('1:1'),
    names: [],
    state: 'waiting',
    waitsFor: 'message',
  },
  ...{ since: 0, module: 'm1', entry: 'worker', mailbox: 3, memory: 131_072, links: 1, monitors: 2 },
};

const message = (data: string | Uint8Array, more: Partial<MessageInfo> = {}): MessageInfo => {
  const bytes = Buffer.from(data);
  return {
    kind: 'data',
    tag: '0',
    size: bytes.length,
    data: bytes.toString('base64'),
    resources: [],
    ...more,
  };
};

test.each<[string, Partial<ViewedProcess>, string, string]>([
  ['waits for a message', {}, '#5 worker', 'waiting for a message'],
  ['is registered', { names: ['clerk', 'postman'] }, '#5 clerk', 'waiting for a message'],
  ['is of another environment', { environment: 2 }, '#2:5 worker', 'waiting for a message'],
  ['computes', { waitsFor: 'turn' }, '#5 worker', 'running'],
  ['is paused while it waits', { state: 'paused' }, '#5 worker', 'paused, waiting for a message'],
  ['is paused while it computes', { state: 'paused', waitsFor: 'turn' }, '#5 worker', 'paused'],
  [
    'has trapped and is held',
    { state: 'held', end: { kind: 'trapped', message: 'divide by zero\nat slice' } },
    '#5 worker',
    'trapped: divide by zero',
  ],
  ['has ended', { state: 'ended', end: { kind: 'exited', code: 3 } }, '#5 worker', 'exited with code 3'],
])('a process that %s', (_, change, name, activity) => {
  const info = { ...worker, ...change };
  expect(processName(info)).toBe(name);
  expect(processActivity(info)).toBe(activity);
});

test('every state has an icon of its own, except for those that run', () => {
  const states = ['initializing', 'running', 'waiting', 'paused', 'held', 'ended'] as const;
  const icons = states.map((state) => JSON.stringify(iconOf({ ...worker, state })));
  expect(new Set(icons).size).toBe(states.length);
  expect(iconOf({ ...worker, waitsFor: 'turn' })).toEqual(iconOf({ ...worker, state: 'running' }));
});

test('numbers', () => {
  expect([countOf(1, 'process'), countOf(0, 'process'), countOf(10_000, 'message')]).toEqual([
    '1 process',
    '0 processes',
    '10,000 messages',
  ]);
  expect([bytesOf(12), bytesOf(65_536), bytesOf(1_150_000)]).toEqual(['12 bytes', '64 KiB', '1.1 MiB']);
  expect([bytesOf(2 ** 32 - 1), bytesOf(2 ** 20 - 1)]).toEqual(['4 GiB', '1 MiB']);
  expect([999, 12_000, 180_000, 9_000_000].map(durationOf)).toEqual(['', '12 s', '3 min', '2.5 h']);
});

test('what is known of a process', () => {
  expect(
    processRows({ ...worker, names: ['clerk'] }, { ...worker, id: 1, entry: '_start' }).slice(1),
  ).toEqual([
    ['Registered as', 'clerk'],
    ['Entry', 'worker'],
    ['Parent', '#1 _start'],
    ['Mailbox', '3 messages'],
    ['Memory', '128 KiB'],
    ['Links', '1'],
    ['Monitored by', '2 processes'],
  ]);
});

test('what is known of a process that has ended', () => {
  const ended: ViewedProcess = {
    ...worker,
    state: 'ended',
    end: { kind: 'exited', code: 255, panic: 'no\nmilk' },
  };
  expect(processRows(ended).slice(0, 2)).toEqual([
    ['State', expect.stringMatching(/^ended at /)],
    ['End', 'exited with code 255: no\nmilk'],
  ]);
});

test.each<[ProcessEnd, string, boolean]>([
  [{ kind: 'returned' }, 'ended', false],
  [{ kind: 'exited', code: 0 }, 'exited with code 0', false],
  [{ kind: 'exited', code: 3 }, 'exited with code 3', true],
  [{ kind: 'exited', code: 255, panic: 'no milk' }, 'exited with code 255: no milk', true],
  [{ kind: 'killed' }, 'killed', false],
  [{ kind: 'trapped', message: 'unreachable' }, 'trapped: unreachable', true],
  [{ kind: 'trapped', message: 'unreachable', panic: 'no milk' }, 'panicked: no milk', true],
  [{ kind: 'not-started', message: 'no function' }, 'could not start: no function', true],
  [{ kind: 'bug', message: 'oh' }, 'ended by an error in the runtime, please report it: oh', true],
])('an end of %j reads %s', (end, text, failed) => {
  expect([endText(end), isFailure(end)]).toEqual([text, failed]);
});

test('permissions and limits', () => {
  const rows = configRows({
    ...{ max_memory: 4_294_967_295, max_fuel: 0, max_mailbox: 1000 },
    ...{
      can_compile_modules: true,
      can_create_configs: true,
      can_spawn_processes: false,
      can_run_long_sql: true,
    },
    ...{ preopened_directories: ['/a -> /b'], arguments: [], environment_variables: ['HOME', 'PATH'] },
    ...{ commands: ['git'], command_variables: ['TZ'], may_import: ['a', 'b::c'], may_not_import: ['a::d'] },
    ...{ imports_also_restricted_by_parent: true },
    ...{ may_connect: ['10.0.0.0/8'], network_also_restricted_by_parent: false },
  });
  expect(rows).toEqual([
    { name: 'max_memory', value: '4 GiB' },
    { name: 'max_fuel', value: 'no limit' },
    { name: 'max_processes', value: 'no limit' },
    { name: 'max_mailbox', value: '1,000 messages' },
    { name: 'can_compile_modules', value: 'true' },
    { name: 'can_create_configs', value: 'true' },
    { name: 'can_spawn_processes', value: 'false' },
    { name: 'can_run_long_sql', value: 'true' },
    { name: 'arguments', value: 'none', entries: [] },
    { name: 'environment_variables', value: '2 variables', entries: ['HOME', 'PATH'] },
    { name: 'preopened_directories', value: '1 directory', entries: ['/a -> /b'] },
    { name: 'commands', value: '1 command', entries: ['git'] },
    { name: 'command_variables', value: '1 variable', entries: ['TZ'] },
    { name: 'may_import', value: '2 rules', entries: ['a', 'b::c'] },
    { name: 'may_not_import', value: '1 rule', entries: ['a::d'] },
    { name: 'imports_also_restricted_by_parent', value: 'true' },
    { name: 'may_connect', value: '1 rule', entries: ['10.0.0.0/8'] },
  ]);
});

describe('a mailbox', () => {
  const text = (...messages: MessageInfo[]) => mailboxText(worker, { messages, length: messages.length });

  test('that is empty', () => {
    expect(text()).toBe('Mailbox of #5 worker: 0 messages\n');
  });

  test('with a text, several lines, and bytes', () => {
    expect(text(message('hello', { tag: '7' }), message('a\nb\n'), message(Uint8Array.of(0, 1, 0xff)))).toBe(
      `Mailbox of #5 worker: 3 messages

  1  tag 7, 5 bytes
     hello

  2  4 bytes
     a
     b

  3  3 bytes
     00000000  00 01 ff  ...
`,
    );
  });

  test('with bytes that fill several lines', () => {
    const bytes = Uint8Array.from({ length: 20 }, (_, i) => i + 0x1f);
    expect(text(message(bytes))).toContain(
      '     00000000  1f 20 21 22 23 24 25 26  27 28 29 2a 2b 2c 2d 2e  . !"#$%&\'()*+,-.\n' +
        '     00000010  2f 30 31 32                                       /012\n',
    );
  });

  test('with deaths, and what messages carry', () => {
    const died = message('', { kind: 'process-died', process: 12 });
    expect(
      text(died, message('', { kind: 'link-died', tag: '3' }), message('x', { resources: ['module'] })),
    ).toBe(
      `Mailbox of #5 worker: 3 messages

  1  process 12 has died

  2  a linked process has died, tag 3

  3  1 byte, with module
     x
`,
    );
  });

  test('of which a part is shown', () => {
    const long = message('x'.repeat(10), { size: 5000 });
    expect(mailboxText(worker, { messages: [long], length: 1201 })).toBe(
      `Mailbox of #5 worker: 1,201 messages

  1  5,000 bytes
     xxxxxxxxxx
     ... 4,990 more bytes

... and 1,200 more messages
`,
    );
  });

  test('with a text that is cut in the middle of a character', () => {
    const bytes = Buffer.from('grün');
    const cut = message(bytes.subarray(0, 3), { size: bytes.length });
    expect(text(cut)).toContain('     gr\n');
  });
});

describe('a stack', () => {
  test('with the lines of its frames', () => {
    const frames = [
      { functionIndex: 12, functionName: 'slice', offset: 0x2e6, module: 'm1' },
      { functionIndex: 9, offset: 0x26f, module: 'm1' },
    ];
    const info: ProcessInfo = {
      ...worker,
      state: 'held',
      end: { kind: 'trapped', message: 'divide by zero' },
    };
    const stack = stackText(info, { frames });
    expect(stack.text).toBe(
      `Stack of #5 worker: trapped: divide by zero

at slice (function 12, offset 0x2e6)
at function 9 (offset 0x26f)
`,
    );
    const lines = stack.text.split('\n');
    expect(stack.frames.map(({ line, length }) => lines[line]?.slice(0, length))).toEqual(lines.slice(2, 4));
  });

  test('that is missing', () => {
    expect(stackText(worker, { frames: [], missing: 'It has not begun.' }).text).toBe(
      'Stack of #5 worker: waiting for a message\n\nIt has not begun.\n',
    );
  });
});
