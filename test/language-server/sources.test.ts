/** `lunatic lsp --sources`: the imports of host functions in sources, as editors ask for them. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CodeAction, CompletionItem, Hover } from 'vscode-languageserver';
import { LanguageClient, marked, textIn } from './language-client.ts';

let client: LanguageClient;

beforeAll(async () => {
  client = await LanguageClient.start({}, ['--sources']);
});
afterAll(async () => {
  expect(await client.stop()).toBe(0);
  expect(client.errors).toBe('');
});

/** Asks about the cursor in a source. */
async function at<R>(method: string, language: string, source: string): Promise<R> {
  const { text, position } = marked(source);
  const uri = await client.open(text, language);
  return await client.request(method, { textDocument: { uri }, position });
}

const labels = (items: readonly CompletionItem[]) => items.map(({ label }) => label);

test.each([
  ['rust', '#[link(wasm_import_module = "lunatic::‸")] extern "C" {}'],
  ['c', '__attribute__((import_module("lunatic::‸")))'],
  ['typescript', '@external("lunatic::‸")'],
])('modules are completed in %s', async (language, source) => {
  const items = await at<CompletionItem[]>('textDocument/completion', language, source);
  expect(labels(items)).toEqual(
    expect.arrayContaining(['lunatic::process', 'lunatic::message', 'wasi_snapshot_preview1']),
  );
});

test.each([
  ['rust', '#[link(wasm_import_module = "lunatic::process")] extern "C" { #[link_name = "sl‸"] fn rest(); }'],
  ['c', '__attribute__((import_module("lunatic::process"), import_name("sl‸"))) void rest(int64_t);'],
  [
    'c',
    '#define HOST(m, n) __attribute__((import_module("lunatic::" m), import_name(n)))\nHOST("process", "sl‸")',
  ],
  ['typescript', '@external("lunatic::process", "sl‸") declare function rest(millis: u64): void;'],
])('functions are completed in %s, with what they do: %s', async (language, source) => {
  const items = await at<CompletionItem[]>('textDocument/completion', language, source);
  const sleep = items.find(({ label }) => label === 'sleep_ms');
  expect(sleep).toMatchObject({ detail: 'sleep_ms(millis: i64)', textEdit: { newText: 'sleep_ms' } });
  expect(JSON.stringify(sleep?.documentation)).toContain('lunatic::process');
  expect(labels(items)).not.toContain('send');
});

test('an unknown module above several functions is told once', async () => {
  const source =
    '#[link(wasm_import_module = "lunatic::timr")]\nextern "C" {\n    fn send_after(id: u64, millis: u64) -> u64;\n    fn cancel_timer(id: u64) -> u32;\n}\n';
  const { found } = await client.openAndWait(source, 'rust');
  expect(found.map(({ range, message }) => [textIn(source, range), message])).toEqual([
    ['lunatic::timr', 'the host has no module lunatic::timr: perhaps lunatic::timer is meant'],
  ]);
});

test('a declaration in Rust is completed whole, and one that has types keeps them', async () => {
  const block = (text: string) =>
    `#[link(wasm_import_module = "lunatic::message")]\nextern "C" {\n    fn ${text}\n}\nfn main() {}\n`;
  const newText = async (text: string) =>
    (await at<CompletionItem[]>('textDocument/completion', 'rust', block(text))).find(
      ({ label }) => label === 'get_tag',
    )?.textEdit?.newText;
  expect(await newText('ge‸')).toBe('get_tag() -> i64;');
  expect(await newText('ge‸() -> i64;')).toBe('get_tag');
  expect(await at('textDocument/completion', 'rust', `${block('get_tag();')}fn m‸`)).toEqual([]);
});

test('the mouse over an import shows what the host does', async () => {
  const source = '@external("lunatic::process", "sl‸eep_ms") declare function rest(millis: u64): void;';
  const { contents, range } = await at<Hover>('textDocument/hover', 'typescript', source);
  expect(JSON.stringify(contents)).toMatch(/sleep_ms\(millis: i64\).*lunatic::process/s);
  expect(range && textIn(marked(source).text, range)).toBe('sleep_ms');
});

test('what the host has not is told at its place, and mended', async () => {
  const text =
    'fn a() {}\n#[link(wasm_import_module = "lunatic::message")] extern "C" { fn get_tga() -> u32; }\n';
  const { uri, found } = await client.openAndWait(text, 'rust');
  expect(found.map(({ range, message }) => [textIn(text, range), message])).toEqual([
    ['get_tga', 'lunatic::message has no function get_tga: perhaps get_tag is meant'],
  ]);
  const [diagnostic] = found;
  const [action] = await client.request<CodeAction[]>('textDocument/codeAction', {
    ...{ textDocument: { uri }, range: diagnostic?.range, context: { diagnostics: found } },
  });
  const [edit] = Object.values(action?.edit?.changes ?? {}).flat();
  if (edit === undefined) throw new Error('there is no fix');
  expect(client.applied(text, edit)).toBe(text.replace('get_tga', 'get_tag'));
  const next = client.nextDiagnostics(uri);
  await client.change(uri, edit.range, edit.newText);
  expect((await next).map(({ message }) => message)).toEqual(["the host's function is get_tag() -> i64"]);
});

test('sources in which nothing is imported are left alone', async () => {
  expect((await client.openAndWait('fn main() { spawn("lunatic") }', 'rust')).found).toEqual([]);
  expect(await at('textDocument/hover', 'typescript', 'export function ‸show(): void {}')).toBeNull();
});
