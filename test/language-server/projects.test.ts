/** What `lunatic.json` means for texts and sources, and what is wrong in it and in the files of VS Code. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CompletionItem, Diagnostic, Hover } from 'vscode-languageserver';
import { HOST_FUNCTIONS } from '../../runtime/internal.ts';
import { LanguageClient, marked, textIn } from './language-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'lunatic-projects-'));
let texts: LanguageClient;
let sources: LanguageClient;

beforeAll(async () => {
  [texts, sources] = await Promise.all([LanguageClient.start(), LanguageClient.start({}, ['--sources'])]);
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  for (const client of [texts, sources]) {
    expect(await client.stop()).toBe(0);
    expect(client.errors).toBe('');
  }
});

/** Writes files; returns the URI of one with this name in their folder. */
function write(name: string, files: Readonly<Record<string, string>>): (file: string) => string {
  for (const [file, text] of Object.entries(files)) {
    const path = join(folder, name, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return (file) => pathToFileURL(join(folder, name, file)).href;
}

const told = (text: string, found: readonly Diagnostic[]) =>
  found.map(({ range, message }) => [textIn(text, range), message]);

const CALLS = `(module
  (import "lunatic::process" "spawn" (func $_spawn (param i64 i64 i64 i32 i32 i32 i32 i32) (result i32)))
  (import "lunatic::process" "create_config" (func $create_config (result i64)))
  (import "lunatic::command" "create" (func $command (param i32 i32 i32) (result i32)))
  (import "lunatic::sqlite" "last_error" (func $_error (param i64 i32) (result i32)))
  (func (export "_start") (drop (call $create_config)) (drop (call $command (i32.const 0) (i32.const 0) (i32.const 0)))))`;

const DENYING = JSON.stringify({
  module: 'a.wat',
  runtimeArgs: ['--no-spawn', '--no-configs', '--deny-host=lunatic::sqlite'],
});

test('calls that the lunatic.json of a text denies are told, or their imports, with the option', async () => {
  const at = write('denies', { 'lunatic.json': DENYING });
  const found = await texts.diagnosticsOf(at('src/a.wat'), CALLS);
  expect(told(CALLS, found)).toEqual([
    ['"spawn"', 'lunatic.json does not let the program spawn processes (--no-spawn)'],
    ['$create_config', 'lunatic.json does not let the program create configs (--no-configs)'],
    ['$command', 'lunatic.json does not let the program run OS programs: --allow-command would'],
    [
      '"last_error"',
      'lunatic.json does not let the program import lunatic::sqlite::last_error (--deny-host=lunatic::sqlite)',
    ],
  ]);
  const [{ uri, range } = { uri: '', range: undefined }] =
    found[1]?.relatedInformation?.map(({ location }) => location) ?? [];
  expect([uri, range && textIn(DENYING, range)]).toEqual([at('lunatic.json'), '"--no-configs"']);
});

test('without a lunatic.json, or with that of a project further out, nothing is denied', async () => {
  const at = write('outer', { 'lunatic.json': DENYING, 'crate/Cargo.toml': '' });
  expect(await texts.diagnosticsOf(at('crate/a.wat'), CALLS)).toEqual([]);
  expect(await texts.diagnosticsOf('untitled:a.wat', CALLS)).toEqual([]);
});

test('what a saved lunatic.json allows is told no longer', async () => {
  const at = write('changes', { 'lunatic.json': DENYING });
  expect(await texts.diagnosticsOf(at('a.wat'), CALLS)).toHaveLength(4);
  write('changes', { 'lunatic.json': '{ "module": "a.wat", "runtimeArgs": ["--allow-command=node"] }' });
  const next = texts.nextDiagnostics(at('a.wat'));
  await texts.notify('workspace/didChangeWatchedFiles', {
    changes: [{ uri: at('lunatic.json'), type: 2 }],
  });
  expect(await next).toEqual([]);
});

test.each([
  [
    'rust',
    '#[link(wasm_import_module = "lunatic::process")] extern "C" { fn create_config() -> i64; }\nfn main() { unsafe { create_config() }; }',
  ],
  [
    'c',
    '__attribute__((import_module("lunatic::process"), import_name("create_config"))) int64_t create_config(void);\nint main(void) { create_config(); }',
  ],
  [
    'typescript',
    '@external("lunatic::process", "create_config") declare function create_config(): i64;\nexport function _start(): void { create_config(); }',
  ],
])('calls are told in %s', async (language, text) => {
  const at = write('sources', { 'lunatic.json': DENYING });
  const found = await sources.diagnosticsOf(at(language), text, language);
  expect(found.map(({ range, message }) => [range.start.line, textIn(text, range), message])).toEqual([
    [1, 'create_config', 'lunatic.json does not let the program create configs (--no-configs)'],
  ]);
});

test('what permissions host functions need is in their table', () => {
  const needing = HOST_FUNCTIONS.filter(({ needs }) => needs !== undefined);
  expect(needing.map(({ module, name, needs }) => `${module}::${name}: ${needs}`)).toEqual([
    'lunatic::networking::resolve: connect',
    'lunatic::networking::tcp_bind: listen',
    'lunatic::networking::tcp_connect: connect',
    'lunatic::networking::tls_bind: listen',
    'lunatic::networking::tls_connect: connect',
    'lunatic::networking::udp_bind: datagrams',
    'lunatic::networking::udp_connect: connect',
    'lunatic::networking::udp_send_to: connect',
    'lunatic::process::compile_module: compile',
    'lunatic::process::create_config: configs',
    'lunatic::process::spawn: spawn',
    'lunatic::distributed::spawn: spawn',
    'lunatic::permissions::config_allow_command: commands',
    'lunatic::permissions::config_allow_command_env: commandVariables',
    'lunatic::command::create: commands',
    'lunatic::command::add_environment_variable: commandVariables',
    'wasi_snapshot_preview1::path_open: directories',
  ]);
});

test('what a lunatic.json names that is not there is told, and options that mean nothing', async () => {
  const at = write('project', { 'data/a.txt': '' });
  const text = JSON.stringify({
    module: 'app.wasm',
    dirs: ['data::/data', 'dada'],
    runtimeArgs: [
      '--no-net',
      '--max-memory',
      '64M',
      '--max-fuel=much',
      '--no-spwan',
      '--deny-host=lunatic::sqlit',
    ],
  });
  expect(told(text, await sources.diagnosticsOf(at('lunatic.json'), text, 'json'))).toEqual([
    ['"app.wasm"', "There is no file 'app.wasm'"],
    ['"--max-fuel=much"', expect.stringContaining("argument 'much' is invalid")],
    ['"--no-spwan"', "unknown option '--no-spwan'\n(Did you mean --no-spawn?)"],
    ['"--deny-host=lunatic::sqlit"', expect.stringContaining('did you mean lunatic::sqlite?')],
    ['"dada"', expect.stringMatching(/^Directory '.*dada' does not exist$/)],
  ]);
  const built = JSON.stringify({ module: 'app.wasm', build: ['make'], cwd: 'dada' });
  expect(told(built, await sources.diagnosticsOf(at('lunatic.json'), built, 'json'))).toEqual([
    ['"dada"', "There is no folder 'dada'"],
  ]);
});

test("Lunatic's parts of launch.json and tasks.json are checked as well, with their comments", async () => {
  const at = write('code', { 'lunatic.json': '{ "module": "a.wasm" }' });
  const launch = `{
    // What others run is theirs.
    "configurations": [
      { "type": "node", "request": "launch", "runtimeArgs": ["--inspect-brk"], "project": "nothing" },
      { "type": "lunatic", "request": "launch", "project": "\${workspaceFolder}/lunatic.json", "runtimeArgs": ["--no-nett", "--dir=\${userHome}"] },
      { "type": "lunatic", "request": "launch", "project": "\${workspaceFolder}/gone.json" },
    ],
  }`;
  expect(told(launch, await sources.diagnosticsOf(at('.vscode/launch.json'), launch, 'jsonc'))).toEqual([
    ['"--no-nett"', "unknown option '--no-nett'\n(Did you mean --no-net?)"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a variable of VS Code
    ['"${workspaceFolder}/gone.json"', "There is no file '${workspaceFolder}/gone.json'"],
  ]);
  const tasks = '{ "tasks": [{ "type": "lunatic", "project": "Cargo.toml" }] }';
  expect(told(tasks, await sources.diagnosticsOf(at('.vscode/tasks.json'), tasks, 'jsonc'))).toEqual([
    ['"Cargo.toml"', "There is no file 'Cargo.toml'"],
  ]);
});

test('options are completed, and explained by the mouse', async () => {
  const ask = async <R>(method: string, source: string): Promise<R> => {
    const { text, position } = marked(source);
    const uri = write('help', {})('lunatic.json');
    await sources.diagnosticsOf(uri, text, 'json');
    return await sources.request(method, { textDocument: { uri }, position });
  };
  const completed = async (source: string) =>
    (await ask<CompletionItem[]>('textDocument/completion', source)).map(({ textEdit }) => textEdit?.newText);
  expect(await completed('{ "runtimeArgs": ["‸"] }')).toEqual(
    expect.arrayContaining(['"--no-spawn"', '"--max-memory="', '"--deny-host="']),
  );
  expect(await completed('{ "runtimeArgs": ["--deny-host=‸"] }')).toContain('"--deny-host=lunatic::sqlite"');
  expect(await completed('{ "args": ["‸"] }')).toEqual([]);
  const { contents } = await ask<Hover>('textDocument/hover', '{ "runtimeArgs": ["--no-sp‸awn"] }');
  expect(contents).toMatchObject({ value: expect.stringContaining('do not let processes spawn others') });
});
