/** How long somebody who types in a large text module waits for the language server. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CompletionItem, Diagnostic } from 'vscode-languageserver';
import { MODULE_TEXT, type ModuleText } from '../../extension/language-server/protocol.ts';
import { LanguageClient } from '../language-server/language-client.ts';
import { binary, leb } from '../unit/wasm/support.ts';
import { bench } from './bench.ts';
import type { Benchmark } from './benchmark.ts';

const FUNCTIONS = 1000;
const KEYS = 40;
const LARGE_FUNCTIONS = 20_000;

/** A text of some 20,000 lines, in both forms that people write. */
function largeText(): string {
  const functions = Array.from(
    { length: FUNCTIONS },
    (_, i) => `  (func $f${i} (param $a i32) (param $b i32) (result i32)
    (local $c i32)
    local.get $a
    local.get $b
    i32.add
    local.set $c
    (block $done
      (loop $again
        (br_if $done (i32.eqz (local.get $c)))
        local.get $c
        i32.const 1
        i32.sub
        local.set $c
        br $again
      )
    )
    (if (i32.gt_s (local.get $a) (i32.const 10))
      (then (local.set $c (call $f${Math.max(0, i - 1)} (local.get $a) (i32.const 7)))))
    local.get $c
  )`,
  );
  return `(module\n${functions.join('\n')}\n  (export "f" (func $f${FUNCTIONS - 1}))\n)\n`;
}

export const languageServer: Benchmark = {
  rows: [
    {
      name: 'wat, diagnostics after a key',
      unit: 'ms',
      what: 'from a key in a text module of 20,000 lines until its diagnostics have come, lints and imports among them: the median',
      peer: null,
      better: 'less',
      must: 150,
      aim: 40,
    },
    {
      name: 'wat, completion after a key',
      unit: 'ms',
      what: 'from a key in the same text until the instructions and names have come that fit what is on the stack: the median',
      peer: null,
      better: 'less',
      must: 30,
      aim: 10,
    },
    {
      name: 'wasm of 20 MB as text',
      unit: 'ms',
      what: 'from the request for a binary module of 20 MB until its text has come: the median of 3',
      peer: null,
      better: 'less',
      must: 2000,
      aim: 500,
    },
  ],
  async measure() {
    const client = await LanguageClient.start();
    const text = largeText();
    const { uri, found } = await client.openAndWait(text);
    expectNone(found);
    const line = text.split('\n').findIndex((one) => one.includes('$f500 ')) + 6;
    const at = { line, character: 0 };
    let version = 2;
    const type = (key: string) => client.change(uri, { start: at, end: at }, key, version++);
    const untype = () => client.change(uri, { start: at, end: { line, character: 1 } }, '', version++);

    const diagnostics: number[] = [];
    const completions: number[] = [];
    for (let i = 0; i < KEYS; i++) {
      const begin = performance.now();
      const told = client.nextDiagnostics(uri);
      await type('i');
      const problems = await told;
      diagnostics.push(performance.now() - begin);
      if (!problems.some(({ message }) => message === 'there is no instruction i'))
        throw new Error('the key is not told');
      const without = client.nextDiagnostics(uri);
      await untype();
      expectNone(await without);

      const typed = client.nextDiagnostics(uri);
      const start = performance.now();
      await type('i');
      const items = await client.request<CompletionItem[]>('textDocument/completion', {
        textDocument: { uri },
        position: { line, character: 1 },
      });
      completions.push(performance.now() - start);
      if (!items.some(({ label }) => label === 'i32.add')) throw new Error('there is no completion');
      await typed;
      const again = client.nextDiagnostics(uri);
      await untype();
      await again;
    }
    const modules = await moduleTimes(client);
    await client.stop();
    return [
      { value: median(diagnostics), peerValue: null },
      { value: median(completions), peerValue: null },
      { value: median(modules), peerValue: null },
    ];
  },
};

/** Opens modules that the server has not seen, each in the milliseconds that are returned. */
async function moduleTimes(client: LanguageClient): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lunatic-bench-'));
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    const path = join(folder, `large${i}.wasm`);
    writeFileSync(path, largeModule());
    const start = performance.now();
    const { text } = await client.request<ModuleText>(MODULE_TEXT, { path });
    times.push(performance.now() - start);
    if (!text.includes(`(func (;${LARGE_FUNCTIONS - 1};) (type 0)`)) throw new Error('a function is missing');
  }
  rmSync(folder, { recursive: true });
  return times;
}

/** A module of 20 MB: functions of a size that compilers make. */
function largeModule(): Uint8Array {
  // No locals; `i32.const 1`, `drop`, again and again; `end`.
  const body = [0, ...Array.from({ length: 333 }, () => [0x41, 1, 0x1a]).flat(), 0x0b];
  const bodies = Buffer.concat(
    Array.from({ length: LARGE_FUNCTIONS }, () => Buffer.from([...leb(body.length), ...body])),
  );
  const count = leb(LARGE_FUNCTIONS);
  return Buffer.concat([
    binary([1, 1, 0x60, 0, 0], [3, ...count, ...Array.from({ length: LARGE_FUNCTIONS }, () => 0)]),
    Buffer.from([10, ...leb(count.length + bodies.length), ...count]),
    bodies,
  ]);
}

function expectNone(found: readonly Diagnostic[]): void {
  if (found.length > 0) throw new Error(`the text has mistakes: ${JSON.stringify(found[0])}`);
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
}

if (import.meta.main) process.exit(await bench([languageServer], process.argv.slice(2)));
