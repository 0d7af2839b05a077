import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CodeAction, CompletionItem, Diagnostic, Hover } from 'vscode-languageserver';
import { LanguageClient, textIn } from './language-client.ts';

let client: LanguageClient;

beforeAll(async () => {
  client = await LanguageClient.start();
});
afterAll(async () => {
  expect(await client.stop()).toBe(0);
  expect(client.errors).toBe('');
});

interface Fixed {
  readonly message: Diagnostic['message'];
  readonly at: string;
  /** The text after the first fix; undefined if there is none. */
  readonly fixed: string | undefined;
}

/** What is told about a text, and what the quick fixes make of it. */
async function fixes(text: string): Promise<Fixed[]> {
  const { uri, found } = await client.openAndWait(text);
  return await Promise.all(
    found.map(async (diagnostic: Diagnostic) => {
      const actions = await client.request<CodeAction[]>('textDocument/codeAction', {
        ...{ textDocument: { uri }, range: diagnostic.range, context: { diagnostics: [diagnostic] } },
      });
      const at = textIn(text, diagnostic.range);
      return { message: diagnostic.message, at, fixed: appliedFix(text, actions[0]) };
    }),
  );
}

function appliedFix(text: string, action: CodeAction | undefined): string | undefined {
  const edits = Object.values(action?.edit?.changes ?? {}).flat();
  // The last one first, so that the places of the others stay.
  return edits.length === 0
    ? undefined
    : edits.reduceRight((changed, edit) => client.applied(changed, edit), text);
}

describe('an import that the host refuses', () => {
  test.each([
    [
      'has an unknown name',
      '(module (import "lunatic::timer" "send_aftr" (func $_s)))',
      {
        message: 'lunatic::timer has no function send_aftr: perhaps send_after is meant',
        at: '"send_aftr"',
        fixed: '(module (import "lunatic::timer" "send_after" (func $_s)))',
      },
    ],
    [
      'has an unknown module',
      '(module (import "lunatic::timr" "send_after" (func $_s)))',
      {
        message: 'the host has no module lunatic::timr: perhaps lunatic::timer is meant',
        at: '"lunatic::timr"',
        fixed: '(module (import "lunatic::timer" "send_after" (func $_s)))',
      },
    ],
    [
      'has other types',
      '(module (import "lunatic::timer" "cancel_timer" (func $_s (param i32))))',
      {
        message: 'cancel_timer is [i64] -> [i32], and not [i32] -> []',
        at: '(func $_s (param i32))',
        fixed:
          '(module (import "lunatic::timer" "cancel_timer" (func $_s (param $timer_id i64) (result i32))))',
      },
    ],
    [
      'stands in the function',
      '(module (func $_s (import "lunatic::timer" "cancel_timer")))',
      {
        message: 'cancel_timer is [i64] -> [i32], and not [] -> []',
        at: '(func $_s (import "lunatic::timer" "cancel_timer"))',
        fixed:
          '(module (func $_s (import "lunatic::timer" "cancel_timer") (param $timer_id i64) (result i32)))',
      },
    ],
  ])('%s', async (_, text, expected) => {
    expect(await fixes(text)).toEqual([expected]);
  });

  test('is none if it is a plugin, or has an older signature', async () => {
    expect(await fixes('(module (import "my::plugin" "call" (func $_f (param i32))))')).toEqual([]);
  });
});

test('a call of a host function that is not imported can be mended by its import', async () => {
  const [found] = await fixes(
    '(module\n  (memory 1)\n  (func (export "_start") (drop (call $version.major))))',
  );
  expect(found?.fixed).toBe(undefined);
  const [major] = await fixes(
    '(module\n  (func (export "_start") (drop (call $cancel_timer (i64.const 1)))))',
  );
  expect(major?.fixed).toBe(
    '(module\n  (import "lunatic::timer" "cancel_timer" (func $cancel_timer (param $timer_id i64) (result i32)))\n  (func (export "_start") (drop (call $cancel_timer (i64.const 1)))))',
  );
});

describe('names of the host', () => {
  const complete = (source: string) => client.at<CompletionItem[]>('textDocument/completion', source);

  test('are completed in imports', async () => {
    const modules = await complete('(module (import "‸"))');
    expect(modules.map(({ label }) => label)).toEqual(
      expect.arrayContaining(['lunatic::process', 'wasi_snapshot_preview1']),
    );
    const functions = await complete('(module (import "lunatic::timer" "‸"))');
    expect(functions.map(({ textEdit }) => textEdit?.newText)).toContain(
      '"cancel_timer" (func $cancel_timer (param $timer_id i64) (result i32))',
    );
    const written = await complete('(module (import "lunatic::timer" "‸" (func)))');
    expect(written.map(({ textEdit }) => textEdit?.newText)).toContain('"cancel_timer"');
  });

  test('are completed in calls, with their import', async () => {
    const found = await complete('(module\n  (func (call $can‸)))');
    const item = found.find(({ label }) => label === '$cancel_timer');
    expect(item?.additionalTextEdits?.[0]?.newText).toContain(
      '\n  (import "lunatic::timer" "cancel_timer" (func',
    );
  });

  test('have parameters, results and what they do in hovers', async () => {
    const source =
      '(module (import "lunatic::timer" "cancel_timer" (func $c (param i64) (result i32))) (func (drop (call $c‸ (i64.const 1)))))';
    const { contents } = await client.at<Hover>('textDocument/hover', source);
    expect(contents).toMatchObject({
      value: expect.stringMatching(/\(param \$timer_id i64\).*lunatic::timer.*Stops a timer/s),
    });
    const { contents: receive } = await client.at<Hover>(
      'textDocument/hover',
      '(module (import "lunatic::message" "rec‸eive" (func)))',
    );
    expect(receive).toMatchObject({
      value: expect.stringContaining(`- \`tag_ptr: i32\` address of tags of 8 bytes each
- \`tag_len: i32\` their number
- \`timeout_duration: i64\` milliseconds; -1 for as long as it takes

*Returns:* 0 data, 1 link death, 2 process death, 9027 timed out.

*Traps:* If an address is outside of the memory.`),
    });
    const name = await client.at<Hover>(
      'textDocument/hover',
      '(module (import "lunatic::timer" "cancel‸_timer" (func)))',
    );
    expect(name.contents).toMatchObject({ value: expect.stringContaining('Stops a timer') });
  });
});

describe('lints', () => {
  test.each([
    ['unused', '(module (func $a))', { message: '$a is never used', at: '$a', fixed: '(module (func $_a))' }],
    [
      'an unused local',
      '(module (func (export "f") (local $a i32)))',
      { message: '$a is never used', at: '$a', fixed: '(module (func (export "f") (local $_a i32)))' },
    ],
    [
      'unreachable',
      '(module (func (export "f") return nop nop))',
      { message: 'this is never reached', at: 'nop nop', fixed: '(module (func (export "f") return ))' },
    ],
    [
      'unreachable in parentheses',
      '(module (func (export "f") (block (br 0) (drop (i32.const 1)) (nop)) (nop)))',
      {
        message: 'this is never reached',
        at: '(drop (i32.const 1)) (nop)',
        fixed: '(module (func (export "f") (block (br 0) ) (nop)))',
      },
    ],
    [
      'a local that only gets values',
      '(module (func (export "f") (local $a i32) (local.set $a (i32.const 1))))',
      {
        message: '$a is never read',
        at: '$a',
        fixed: '(module (func (export "f") (local $_a i32) (local.set $_a (i32.const 1))))',
      },
    ],
    [
      'an unused parameter',
      '(module (func (export "f") (param $a i32)))',
      { message: '$a is never used', at: '$a', fixed: '(module (func (export "f") (param $_a i32)))' },
    ],
    [
      'needless mut',
      '(module (global $g (mut i32) (i32.const 0)) (func (export "f") (drop (global.get $g))))',
      {
        message: 'this global never changes: it needs no mut',
        at: '(mut i32)',
        fixed: '(module (global $g i32 (i32.const 0)) (func (export "f") (drop (global.get $g))))',
      },
    ],
    [
      'shadowed',
      '(module (func (export "f") (block $a (block $a nop) (br $a))))',
      {
        message: 'a block around has the name $a, too',
        at: '$a',
        fixed: '(module (func (export "f") (block $a (block $a_2 nop) (br $a))))',
      },
    ],
    [
      'an instruction with its older name',
      '(module (func (export "f") (param i32) (drop (get_local 0))))',
      {
        message: 'get_local is called local.get now',
        at: 'get_local',
        fixed: '(module (func (export "f") (param i32) (drop (local.get 0))))',
      },
    ],
    [
      'an unknown local',
      '(module (func (export "f") (param $count i32) (drop (local.get $cont)) (drop (local.get $count))))',
      {
        message: 'there is no local $cont',
        at: '$cont',
        fixed:
          '(module (func (export "f") (param $count i32) (drop (local.get $count)) (drop (local.get $count))))',
      },
    ],
  ])('%s', async (_, text, expected) => {
    expect(await fixes(text)).toEqual([expected]);
  });

  test.each([
    ['a function', '(func)', 'func 0', '(func', ''],
    ['an import', '(import "a" "b" (func $f))', '$f', '$f', ''],
    ['a type', '(type $t (func))', '$t', '$t', ''],
    ['a table', '(table $t 1 funcref)', '$t', '$t', ''],
    ['a memory', '(memory $m 1)', '$m', '$m', ''],
    ['a data segment', '(data $d "a")', '$d', '$d', ''],
    ['an element segment', '(elem $e funcref)', '$e', '$e', ''],
    ['a tag', '(tag $t)', '$t', '$t', ''],
    ['a local', '(func (export "f") (local $a i32))', '$a', '$a', '(func (export "f"))'],
  ])('%s that is never used can be removed', async (_, field, label, at, rest) => {
    const text = `(module\n  ${field})`;
    const { uri, found } = await client.openAndWait(text);
    expect(found.map(({ range, message }) => [textIn(text, range), message])).toEqual([
      [at, `${label} is never used`],
    ]);
    const actions = await client.request<CodeAction[]>('textDocument/codeAction', {
      ...{ textDocument: { uri }, range: found[0]?.range, context: { diagnostics: found } },
    });
    const removal = actions.find(({ title }) => title === `Remove ${label}`);
    expect(appliedFix(text, removal)).toBe(rest === '' ? '(module)' : `(module\n  ${rest})`);
  });

  test('remove nothing that would change what an index stands for', async () => {
    const text = '(module (func $a) (func $b (export "b") (call 1)))';
    expect(await fixes(text)).toMatchObject([{ fixed: text.replace('$a', '$_a') }]);
    const { uri, found } = await client.openAndWait(text);
    const actions = await client.request<CodeAction[]>('textDocument/codeAction', {
      ...{ textDocument: { uri }, range: found[0]?.range, context: { diagnostics: found } },
    });
    expect(actions.map(({ title }) => title)).toEqual(['Change to $_a']);
  });

  test('say nothing about what is used without its name, or by being there', async () => {
    expect(
      await fixes(
        '(module (memory 1) (table 1 funcref) (data (i32.const 0) "a") (elem (i32.const 0) func $f) (func $f (export "f") (drop (i32.load (i32.const 0)))))',
      ),
    ).toEqual([]);
    expect(
      await fixes(
        '(module (type $t (func (param $a i32))) (import "a" "b" (func $f (param $b i32))) (func (export "f") (call $f (i32.const 0)) (call_ref $t (i32.const 0) (ref.null $t))))',
      ),
    ).toEqual([]);
  });

  test('say nothing about what is used, exported, changed or meant', async () => {
    expect(
      await fixes(
        '(module (global $g (export "g") (mut i32) (i32.const 0)) (func $a (call $a)) (func $_b) (func (export "f") (block $a nop) (block $a (br $a))))',
      ),
    ).toEqual([]);
  });

  test('are switched by settings', async () => {
    await client.notify('workspace/didChangeConfiguration', {
      settings: { lunatic: { wat: { lints: { unused: 'off', unreachable: 'error' } } } },
    });
    const { found } = await client.openAndWait('(module (func $a return nop))');
    expect(found.map(({ severity, message }) => [severity, message])).toEqual([[1, 'this is never reached']]);
    await client.notify('workspace/didChangeConfiguration', { settings: {} });
  });
});

test('a name that has only begun is told once', async () => {
  expect(await client.problems('(module (func (export "f") (call $)))')).toEqual([
    '$: a function index or name is expected here',
  ]);
});

test('a name with characters that need quotes is told so', async () => {
  expect(await client.problems('(module (func $a<i32,i32> (export "f")))')).toContain(
    '$a<i32,i32>: as a name, this needs quotes: $"a<i32,i32>"',
  );
});
