import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type {
  CallHierarchyIncomingCall,
  CallHierarchyItem,
  CompletionItem,
  Hover,
  InlayHint,
  SemanticTokens,
  SignatureHelp,
  TextEdit,
  TypeHierarchyItem,
} from 'vscode-languageserver';
import { LanguageClient, marked } from './language-client.ts';

let client: LanguageClient;

beforeAll(async () => {
  client = await LanguageClient.start({
    initializationOptions: { inlayHints: { types: true, indices: true } },
  });
});
afterAll(async () => {
  expect(await client.stop()).toBe(0);
  expect(client.errors).toBe('');
});

/** The labels of completions in the order in which they are displayed. */
async function completions(source: string): Promise<string[]> {
  const found = await client.at<CompletionItem[]>('textDocument/completion', source);
  return found
    .toSorted((a, b) => ((a.sortText ?? a.label) < (b.sortText ?? b.label) ? -1 : 1))
    .map(({ label }) => label);
}

describe('completion', () => {
  test.each([
    ['fields of a module', '(module (‸))', ['func', 'memory', 'global']],
    ['types of parameters', '(module (func (param ‸)))', ['i32', 'v128', 'funcref']],
    [
      'heap types and types of the module',
      '(module (type $t (struct)) (func (param (ref ‸))))',
      ['null', 'any', '$t'],
    ],
    ['labels, the innermost first', '(module (func (block $a (loop $b (br $‸)))))', ['$b', '$a', '2']],
    ['functions', '(module (func $f) (func (call ‸)))', ['$f', '1']],
    ['fields of the struct', '(module (type $t (struct (field $x i32))) (func (struct.get $t ‸)))', ['$x']],
    ['what is exported', '(module (memory $m 1) (export "m" (memory ‸)))', ['$m']],
    ['tags', '(module (tag $e) (func (throw ‸)))', ['$e']],
    ['globals', '(module (global $g i32 (i32.const 0)) (func global.get ‸))', ['$g']],
  ])('has %s', async (_, source, expected) => {
    expect(await completions(source)).toEqual(expect.arrayContaining(expected));
  });

  test('has locals whose type fits first', async () => {
    const source = '(module (func (local $a i64) (local $b i32) (i32.add (local.get $‸) (i32.const 1))))';
    expect(await completions(source)).toEqual(['$b', '$a']);
    expect(
      await completions('(module (func (local $a i64) (local $b i32) i32.const 1 local.set ‸))'),
    ).toEqual(['$b', '$a']);
  });

  test('has functions whose parameters are on the stack first', async () => {
    const source = '(module (func $a (param i64)) (func $b (param i32)) (func i32.const 1 call $‸))';
    expect((await completions(source)).slice(0, 1)).toEqual(['$b']);
  });

  test('has instructions, first those that take what is on the stack', async () => {
    const found = await completions('(module (func (result f64) f32.const 1 ‸))');
    expect(found.slice(0, 60)).toContain('f64.promote_f32');
    expect(found.indexOf('f32.sqrt')).toBeLessThan(found.indexOf('i32.add'));
    expect(found.indexOf('i32.const')).toBeLessThan(found.indexOf('i32.eqz'));
  });

  test('has instructions in parentheses, first those that give the operand', async () => {
    const found = await completions('(module (func (drop (i64.add (i64.const 1) (‸)))))');
    expect(found.indexOf('i64.const')).toBeLessThan(found.indexOf('i32.const'));
    expect(found.indexOf('i64.xor')).toBeLessThan(found.indexOf('i64.atomic.load'));
  });

  test.each([
    ['(module ‸)', '(func'],
    ['(module ( f‸))', 'func'],
    ['fu‸', '(func'],
    ['(module (import "a" "b" ‸))', '(func'],
    ['(module (import "a" "b" (‸)))', 'func'],
  ])('opens the list that begins in %s unless it is open', async (source, expected) => {
    const found = await client.at<CompletionItem[]>('textDocument/completion', source);
    const { textEdit } = found.find(({ label }) => label === 'func') ?? {};
    expect(textEdit?.newText).toBe(expected);
  });

  test('has no null behind ref.null', async () => {
    const found = await completions('(module (func (drop (ref.null ‸))))');
    expect(found).toContain('func');
    expect(found).not.toContain('null');
  });

  test('has nothing in comments and strings', async () => {
    expect(await completions(';; local‸')).toEqual([]);
    expect(await completions('(module (data "loc‸al"))')).toEqual([]);
  });

  test('explains an instruction', async () => {
    const item = { label: 'i32.rotl', kind: 14 };
    expect(await client.request('completionItem/resolve', item)).toMatchObject({
      documentation: 'Rotates the bits to the left.',
    });
  });
});

describe('hover', () => {
  const hover = async (source: string) => {
    const found = await client.at<Hover | null>('textDocument/hover', source);
    return found === null ? null : (found.contents as { value: string }).value;
  };

  test.each([
    [
      'a function, with the comment above it',
      ';; Adds.\n(func $add (param $a i32) (result i32) local.get $a)\n(func (drop (call $a‸dd (i32.const 1))))',
      '```wat\n(func $add (param $a i32) (result i32))\n```\n\nAdds.',
    ],
    ['a parameter', '(module (func (param $a i64) (drop (local.get $‸a))))', '```wat\n(param $a i64)\n```'],
    [
      'a local without a name',
      '(module (func (local i64 f32) (drop (local.get ‸1))))',
      '```wat\n(local (;1;) f32)\n```',
    ],
    [
      'a global',
      '(module (global $g (mut i32) (i32.const 7)) (func (global.set $‸g (i32.const 1))))',
      '```wat\n(global $g (mut i32) (i32.const 7))\n```',
    ],
    [
      'an instruction',
      '(module (func (drop (i32.a‸dd (i32.const 1) (i32.const 2)))))',
      '```wat\ni32.add  ;; [i32 i32] -> [i32]\n```\n\nAdds.',
    ],
    [
      'the types where they depend on the place',
      '(module (func (param i64) (‸drop (local.get 0))))',
      '```wat\ndrop  ;; [i64] -> []\n```\n\nDrops a value.',
    ],
    [
      'a call',
      '(module (func $f (param i32) (result f64) (f64.const 0)) (func (drop (ca‸ll $f (i32.const 1)))))',
      '```wat\ncall  ;; [i32] -> [f64]\n```\n\nCalls a function.',
    ],
    [
      'an integer',
      '(module (func (drop (i32.const ‸-2))))',
      '`-2`  \n`4294967294`  \n`0xffff_fffe`  \n`0b11111111_11111111_11111111_11111110`',
    ],
    [
      'a label, without the code of its block',
      '(module (func (drop (block $l (result i32) (br $‸l (i32.const 1))))))',
      '```wat\nblock $l (result i32)\n```',
    ],
    [
      'what is stored',
      '(module (memory 1) (func (i64.st‸ore (i32.const 1) (i64.const 2))))',
      '```wat\ni64.store  ;; [i32 i64] -> []\n```\n\nWrites an i64 to memory.',
    ],
    ['a float', '(module (func (drop (f32.const ‸0x1.8p1))))', '`3`  \n`bits 0x4040_0000`'],
    ['nothing', '(module‸ )', null],
  ])('tells %s', async (_, source, expected) => {
    expect(await hover(source)).toBe(expected);
  });
});

test('signature help shows the operand that is written', async () => {
  const source =
    '(module (func $f (param $a i32) (param i64) (result f32) (f32.const 0)) (func (drop (call $f (i32.const 1) ‸))))';
  const help = await client.at<SignatureHelp>('textDocument/signatureHelp', source);
  expect(help).toMatchObject({
    signatures: [
      { label: 'call $f ($a: i32) (i64) -> f32', parameters: [{ label: [9, 16] }, { label: [19, 22] }] },
    ],
    activeParameter: 1,
  });
});

test.each([
  [
    'call_indirect (type $t)',
    '(call_indirect (type $t) (i64.const 1) ‸)',
    '(i64) (index in the table) -> i32',
  ],
  ['call_ref $t', '(call_ref $t (i64.const 1) ‸)', '(i64) (function: (ref null $t)) -> i32'],
  ['struct.new $s', '(struct.new $s (i32.const 1) ‸)', '($x: i32) (i64) -> (ref $s)'],
])('signature help tells what %s takes by its type', async (name, code, operands) => {
  const types =
    '(type $t (func (param i64) (result i32))) (type $s (struct (field $x i32) (field i64))) (table 1 funcref)';
  const help = await client.at<SignatureHelp>(
    'textDocument/signatureHelp',
    `(module ${types} (func (drop ${code})))`,
  );
  expect(help).toMatchObject({ signatures: [{ label: `${name} ${operands}` }], activeParameter: 1 });
});

test('semantic tokens tell what names stand for', async () => {
  const uri = await client.open(
    '(module (func $f (param $a i32) (drop (local.get $a)) (call $f (i32.const 1))))',
  );
  const { data } = await client.request<SemanticTokens>('textDocument/semanticTokens/full', {
    textDocument: { uri },
  });
  const kinds = data.filter((_, i) => i % 5 === 3);
  expect(kinds).toEqual([1, 3, 3, 1]);
});

test('inlay hints tell indices, types, names and the blocks of ends', async () => {
  const text =
    '(module (global $g i32 (i32.const 0)) (func $f (param $a i64)\n  block $b\n  (drop (local.get 0))\n  end))';
  const uri = await client.open(text);
  const range = { start: { line: 0, character: 0 }, end: { line: 9, character: 0 } };
  const found = await client.request<InlayHint[]>('textDocument/inlayHint', { textDocument: { uri }, range });
  expect(found.map(({ label }) => label)).toEqual(['(;0;)', '(;0;)', '(;0;)', '(;$a: i64;)', '(;block $b;)']);
});

describe('formatting', () => {
  const format = async (text: string, range?: object) => {
    const uri = await client.open(text);
    const edits = await client.request<TextEdit[]>(
      range === undefined ? 'textDocument/formatting' : 'textDocument/rangeFormatting',
      { textDocument: { uri }, options: { tabSize: 2, insertSpaces: true }, range },
    );
    const lines = text.split('\n');
    const offset = ({ line, character }: { line: number; character: number }) =>
      lines.slice(0, line).reduce((sum, one) => sum + one.length + 1, character);
    return edits
      .toSorted((a, b) => offset(b.range.start) - offset(a.range.start))
      .reduce(
        (done, { range: { start, end }, newText }) =>
          done.slice(0, offset(start)) + newText + done.slice(offset(end)),
        text,
      );
  };

  test('indents by parentheses and blocks, and keeps comments', async () => {
    const text =
      '\n(module ;; one\n(func   $f ( param i32 )\nblock ;; two\n(; three\n  lines ;) nop\nif\nnop\nelse\nnop\nend\nend\n\n\n\n)\n)\n';
    const expected =
      '(module ;; one\n  (func $f (param i32)\n    block ;; two\n      (; three\n  lines ;) nop\n      if\n        nop\n      else\n        nop\n      end\n    end\n\n  )\n)\n';
    expect(await format(text)).toBe(expected);
    expect(await format(expected)).toBe(expected);
  });

  test('makes no annotation of a parenthesis before a word', async () => {
    expect(await format('( @a\n(  nop ) )\n')).toBe('( @a\n  (nop))\n');
  });

  test('of some lines leaves the others', async () => {
    const range = { start: { line: 1, character: 0 }, end: { line: 1, character: 3 } };
    expect(await format('(module\n(func)\n(func))', range)).toBe('(module\n  (func)\n(func))');
  });

  test('survives mistakes', async () => {
    expect(await format('))) (module\n(func (((\n"abc\n§ end end\n')).toContain('§ end end');
  });
});

test('the hierarchy of calls has callers and what is called', async () => {
  const source = '(module (func $a‸ (call $b)) (func $b) (func $c (call $a) (call $a)))';
  const [item] = await client.at<CallHierarchyItem[]>('textDocument/prepareCallHierarchy', source);
  const incoming = await client.request<CallHierarchyIncomingCall[]>('callHierarchy/incomingCalls', { item });
  expect(incoming.map(({ from, fromRanges }) => [from.name, fromRanges.length])).toEqual([['$c', 2]]);
  const outgoing = await client.request<{ to: CallHierarchyItem }[]>('callHierarchy/outgoingCalls', { item });
  expect(outgoing.map(({ to }) => to.name)).toEqual(['$b']);
});

test('the hierarchy of types has supertypes and subtypes', async () => {
  const source = '(module (type $a (sub (struct))) (type $b‸ (sub $a (struct))) (type $c (sub $b (struct))))';
  const [item] = await client.at<TypeHierarchyItem[]>('textDocument/prepareTypeHierarchy', source);
  const names = async (method: string) =>
    (await client.request<TypeHierarchyItem[]>(method, { item })).map(({ name }) => name);
  expect(await names('typeHierarchy/supertypes')).toEqual(['$a']);
  expect(await names('typeHierarchy/subtypes')).toEqual(['$c']);
});

test('a request about a text that is not open has no answer', async () => {
  const { position } = marked('‸');
  const textDocument = { uri: 'file:///not/open.wat' };
  expect(await client.request('textDocument/hover', { textDocument, position })).toBe(null);
});
