import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type {
  DocumentSymbol,
  FoldingRange,
  Location,
  SelectionRange,
  SymbolInformation,
  WorkspaceEdit,
} from 'vscode-languageserver';
import {
  MODULE_SOURCE,
  MODULE_TEXT,
  type ModuleText,
  type SourcePlaces,
} from '../../extension/language-server/protocol.ts';
import { LanguageClient, marked, textIn } from './language-client.ts';

let client: LanguageClient;

beforeAll(async () => {
  client = await LanguageClient.start({ initializationOptions: { lints: { unused: 'off' } } });
});
afterAll(async () => {
  expect(await client.stop()).toBe(0);
  expect(client.errors).toBe('');
});

describe('diagnostics', () => {
  test('tell all mistakes at once, each at its words, and go on behind them', async () => {
    expect(
      await client.problems(
        '(module\n  (func $f (result i32) i64.const 1)\n  (func (call $g)) (func (drop (i32.add (i32.const 1)))))',
      ),
    ).toEqual([
      '): the function ends with [i64], and must end with [i32]',
      '$g: there is no function $g',
      'i32.add: i32.add takes [i32 i32], and finds [i32]',
    ]);
  });

  test('come after each change of a text', async () => {
    const text = '(module (func $f (call $f)))';
    const uri = `file:///tests/changed.wat`;
    const first = client.nextDiagnostics(uri);
    await client.notify('textDocument/didOpen', {
      textDocument: { uri, languageId: 'wat', version: 1, text },
    });
    expect(await first).toEqual([]);
    const second = client.nextDiagnostics(uri);
    const at = { line: 0, character: text.lastIndexOf('$f') + 1 };
    await client.change(uri, { start: at, end: { ...at, character: at.character + 1 } }, 'g');
    expect((await second).map(({ message }) => message)).toEqual(['there is no function $g']);
  });
});

/** The words that an answer points to. */
function words(source: string, found: Location | readonly Location[] | null): string[] {
  const { text } = marked(source);
  return [found ?? []]
    .flat()
    .map(({ range }) => `${range.start.line}:${range.start.character} ${textIn(text, range)}`);
}

describe('definitions', () => {
  test.each([
    ['a function', '(module (func $f) (func (call $‸f)))', '0:14 $f'],
    ['a function by its index', '(module (func $f) (func (call ‸0)))', '0:14 $f'],
    ['a local', '(module (func (param $a i32) (drop (local.get $a‸))))', '0:21 $a'],
    ['a local without a name', '(module (func (param i64 i32) (drop (local.get 1‸))))', '0:25 i32'],
    ['a label', '(module (func (block $b (br $‸b))))', '0:21 $b'],
    ['a label by its depth', '(module (func (block (br ‸0))))', '0:15 block'],
    [
      'a field',
      '(module (type $t (struct (field $x i32))) (func (param (ref $t)) (drop (struct.get $t $x‸ (local.get 0)))))',
      '0:32 $x',
    ],
    ['a type', '(module (type $t (func)) (func (type $‸t)))', '0:14 $t'],
    ['a global', '(module (global $g i32 (i32.const 0)) (func (drop (global.get $g‸))))', '0:16 $g'],
    ['what is exported', '(module (memory $m 1) (export "memory" (memory ‸$m)))', '0:16 $m'],
  ])('of %s', async (_, source, expected) => {
    const found = await client.at<Location | null>('textDocument/definition', source);
    expect(words(source, found)).toEqual([expected]);
  });

  test('of the type of a value', async () => {
    const source = '(module (type $t (struct)) (func (param $a (ref $t)) (drop (local.get $a‸))))';
    const found = await client.at<Location | null>('textDocument/typeDefinition', source);
    expect(words(source, found)).toEqual(['0:14 $t']);
  });
});

describe('references', () => {
  const source = '(module\n  (func $f‸)\n  (func (call $f) (call 0))\n  (export "f" (func $f)))';

  test('are names and indices', async () => {
    const context = { includeDeclaration: false };
    const found = await client.at<Location[]>('textDocument/references', source, { context });
    expect(words(source, found)).toEqual(['2:14 $f', '2:24 0', '3:20 $f']);
  });

  test('are highlighted, those that change a value otherwise', async () => {
    const highlighted = '(module (func (local $a‸ i32) (local.set $a (local.get $a))))';
    const found = await client.at<{ kind: number }[]>('textDocument/documentHighlight', highlighted);
    expect(found.map(({ kind }) => kind)).toEqual([3, 3, 2]);
  });
});

describe('renaming', () => {
  const source = '(module (func $f) (func $h (call $f‸) (call 0)) (func $other))';
  const rename = async (newName: string, text = source) => {
    const edit = await client.at<WorkspaceEdit>('textDocument/rename', text, { newName });
    return Object.values(edit.changes ?? {}).flat();
  };

  test.each([
    ['g', '$g'],
    ['$g', '$g'],
    ['two words', '$"two words"'],
  ])('to %s keeps the $ right, and leaves indices', async (newName, expected) => {
    const edits = await rename(newName);
    expect(edits.map(({ newText, range }) => `${range.start.character} ${newText}`)).toEqual([
      `14 ${expected}`,
      `33 ${expected}`,
    ]);
  });

  test('to a name that something has is refused in words', async () => {
    await expect(rename('other')).rejects.toThrow('there is another function $other');
    await expect(rename('')).rejects.toThrow("can't be a name");
  });

  test('of a local changes those of its function alone', async () => {
    const edits = await rename(
      'b',
      '(module (func (param $a‸ i32) (drop (local.get $a))) (func (param $a i32) (param $b i32)))',
    );
    expect(edits.length).toBe(2);
  });

  test('says what is renamed', async () => {
    expect(await client.at('textDocument/prepareRename', source)).toMatchObject({ placeholder: '$f' });
    expect(await client.at('textDocument/prepareRename', '(module (func (call ‸9)))')).toBe(null);
  });
});

describe('an outline', () => {
  test('has what the module declares, with types', async () => {
    const uri = await client.open(
      '(module (import "a" "b" (func $f (param i32))) (type $t (struct (field $x i64))) (global $g (mut f32) (f32.const 0)) (func))',
    );
    const found = await client.request<DocumentSymbol[]>('textDocument/documentSymbol', {
      textDocument: { uri },
    });
    expect(
      found.map(({ name, detail, children }) => [name, detail, children?.map((one) => one.name)]),
    ).toEqual([
      ['$f', '[i32] -> [] imported', []],
      ['$t', 'struct', ['$x']],
      ['$g', 'mut f32', []],
      ['func 1', '[] -> []', []],
    ]);
  });

  test('of the workspace has what is open', async () => {
    await client.open('(module (func $searched_for))');
    const found = await client.request<SymbolInformation[]>('workspace/symbol', { query: 'srchFor' });
    expect(found.map(({ name }) => name)).toEqual(['$searched_for']);
  });
});

describe('ranges', () => {
  test('can be folded: lists, blocks without parentheses, comments; what only closes them stays', async () => {
    const uri = await client.open(
      ';; one\n;; two\n(module\n  (func\n    block\n      nop\n    end\n  )\n  (func\n    nop)\n)\n',
    );
    const found = await client.request<FoldingRange[]>('textDocument/foldingRange', {
      textDocument: { uri },
    });
    expect(found.map(({ startLine, endLine }) => [startLine, endLine]).sort()).toEqual([
      [0, 1],
      [2, 9],
      [3, 6],
      [4, 5],
      [8, 9],
    ]);
  });

  test('of selections grow from a word to the module', async () => {
    const { text, position } = marked('(module (func (drop (local.get $a‸))))');
    const uri = await client.open(text);
    const [found] = await client.request<SelectionRange[]>('textDocument/selectionRange', {
      ...{ textDocument: { uri }, positions: [position] },
    });
    const grown: string[] = [];
    for (let range = found; range !== undefined; range = range.parent) grown.push(textIn(text, range.range));
    expect(grown.slice(0, 4)).toEqual([
      '$a',
      '(local.get $a)',
      '(drop (local.get $a))',
      '(func (drop (local.get $a)))',
    ]);
  });
});

test('instructions of a binary module lead to the lines of its source', async () => {
  const path = join(import.meta.dirname, '../guests/lines/cake.wasm');
  const { text, offsets, hasSource } = await client.request<ModuleText>(MODULE_TEXT, { path });
  expect(hasSource).toBe(true);
  const line = text.split('\n').findIndex((one) => one.includes('i32.div_s'));
  const places = await client.request<SourcePlaces>(MODULE_SOURCE, { path, offset: offsets[line] });
  expect(places).toEqual([
    { file: 'cake.c', line: 5, column: 14 },
    { file: 'cake.c', line: 9, column: 14 },
  ]);
  const missing = join(import.meta.dirname, 'missing.wasm');
  expect(await client.request(MODULE_SOURCE, { path: missing, offset: 1 })).toEqual([]);
});
