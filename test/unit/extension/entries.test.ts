/** The functions of sources that the editor offers to run. */
import { expect, test } from 'vitest';
import {
  type EntryLanguage,
  findEntries,
  findExports,
  MAX_LENGTH,
  mayBeginIn,
  placesOf,
} from '../../../extension/programs/entries.ts';

const found = (text: string, language: EntryLanguage) =>
  findEntries(text, language).map(({ name, line }) => `${line} ${name ?? 'start'}`);

test('Rust: main, and exports without parameters', () => {
  const text = `// fn main() {}
/*
fn main() {}
*/
#[lunatic::main]
fn main(_: Mailbox<()>) {}

mod inner {
    fn main() {}
}
#[no_mangle]
pub extern "C" fn worker() {}
#[export_name = "clock"]
pub extern "C" fn tick() {}
#[unsafe(no_mangle)]
pub extern "C" fn newer() {}
#[no_mangle]
pub extern "C" fn with_parameter(n: i32) {}
#[export_name = "#lunatic_test_adds"]
pub extern "C" fn adds() {}
fn mainly() {}
`;
  expect(found(text, 'rust')).toEqual(['5 start', '11 worker', '13 clock', '15 newer']);
  expect(found('pub async fn main() {}', 'rust')).toEqual(['0 start']);
});

test('C: main, and exports without parameters', () => {
  const text = `int main(int argc, char **argv) { puts("int main(void)"); }
__attribute__((export_name("worker"))) void work(void) {}
__attribute__((noinline, export_name("clock")))
void tick() {}
__attribute__((export_name("adds"))) int adds(int a, int b) { return a + b; }
static int domain(void);
`;
  expect(found(text, 'c')).toEqual(['0 start', '1 worker', '3 clock']);
});

test.each([
  'EXPORT int main(void) {}',
  'EMSCRIPTEN_KEEPALIVE\nint main() {}',
  'int EMSCRIPTEN_KEEPALIVE main() {}',
  '__attribute__((noinline)) int main(void) {}',
  '__attribute__ ((visibility("default"), used)) API_CALL(2) int main(void) {}',
  '[[gnu::used]] extern "C" int main(void) {}',
  'auto main() -> int {}',
])('C: main behind a macro or an attribute: %s', (text) => {
  expect(found(text, 'c')).toEqual([`${text.split('\n').length - 1} start`]);
});

test.each(['static int domain(void) {}', '  int main(void);', 'RUN(int main);', 'return main(1);'])(
  'C: no main: %s',
  (text) => {
    expect(found(text, 'c')).toEqual([]);
  },
);

test('AssemblyScript: exported functions that take and return nothing', () => {
  const text = `export function _start(): void {}
export function reader(): void {}
export function __lunatic_test_adds(): void {}
export function sum(a: i32, b: i32): i32 { return a + b; }
function hidden(): void {}
`;
  expect(found(text, 'assemblyscript')).toEqual(['0 start', '1 reader']);
});

test('text modules: exported functions that take and return nothing, also in an unfinished module', () => {
  const text = `(module
  (import "a" "b" (func $b))
  (export "b" (func $b))
  (export "late" (func $late))
  (func (export "_start"))
  (func (export "worker") (local i32))
  (func (export "with") (param i32))
  (func (export "#lunatic_test_adds"))
  (memory (export "memory") 1)
  (func $late)
  (func (export "open" (`;
  expect(found(text, 'wat')).toEqual(['3 late', '4 start', '5 worker', '10 open']);
});

test('a text that goes on in the next line is one text', () => {
  const text = (main: string) => `s = "one \\\n two"; /*\n${main}\n*/ // "`;
  expect(found(text('fn main() {}'), 'rust')).toEqual([]);
  expect(found(text('int main(void) {}'), 'c')).toEqual([]);
});

/** What is repeated to make a hostile source. */
const PARTS: readonly (readonly [language: EntryLanguage, parts: readonly string[]])[] = [
  ...(['rust', 'c', 'assemblyscript'] as const).map(
    (language) =>
      [
        language,
        [
          '/*',
          '"',
          "'",
          '#[no_mangle]\n',
          '__attribute__((',
          'EXPORT(a) ',
          'export function a',
          ' ',
          '\n',
          'int ',
          '"\\\n',
        ],
      ] as const,
  ),
  [
    'wat',
    [
      '(func (export "a"))',
      '(func (param) (export "a"))',
      '(export "a" (func $a))\n(func $b)\n',
      '(func ',
      ' (export "a") (param)',
      '(a\n(func)',
      '(a (@) ',
      '\n (func',
    ],
  ],
];

test.each(PARTS)('hostile sources in %s are looked at in a moment', (language, parts) => {
  for (const part of parts)
    for (const begin of ['', '(func (param) ', `${'(a '.repeat(2 ** 14)}\n`]) {
      // Of computing: machines are busy.
      const before = process.cpuUsage();
      const text = begin + part.repeat((MAX_LENGTH[language] - begin.length) / part.length);
      findEntries(text, language);
      placesOf(text, language, new Map([['a::b', 1]]));
      const { user, system } = process.cpuUsage(before);
      expect((user + system) / 1000, `${part} behind ${begin.slice(0, 20)}`).toBeLessThan(2000);
    }
});

test.each<[EntryLanguage, string]>([
  ['rust', 'fn main() {}\n#[no_mangle]\npub extern "C" fn worker(n: i32) {}\nfn inner(n: i32) {}'],
  [
    'c',
    'int main(void) {}\n__attribute__((export_name("worker")))\nint work(int n) { return n; }\nint inner(void) {}',
  ],
  [
    'assemblyscript',
    'export function _start(): void {}\n\nexport function worker(n: i32): i32 { return n }\nfunction inner(): void {}',
  ],
  ['wat', '(module (func (export "_start"))\n\n(func (export "worker") (param i32))\n(func $inner))'],
])('%s: functions with which processes begin, also with parameters', (language, text) => {
  const found = findExports(text, language).map(({ name, line }) => `${line} ${name ?? 'start'}`);
  expect(found).toEqual(['0 start', '2 worker']);
});

test.each<[EntryLanguage, string, Record<string, number>]>([
  [
    'rust',
    'struct Till;\nimpl AbstractProcess for Till {}\n\npub async fn count() {}\nfn main() {\n  fn worker() {}\n}\nfn worker() {}',
    {
      'shop::Till': 0,
      'shop::count': 3,
      _start: 4,
      'shop::main::{{closure}}': 4,
      'shop::main::worker': 5,
      'shop::Other': -1,
    },
  ],
  ['c', '// a()\nstatic void a(int n);\n\nstatic void a(int n)\n{\n}', { a: 3, n: -1 }],
  [
    'assemblyscript',
    'function a(): void {}\nclass Shop<T> {}',
    { 'assembly/index/a~anonymous|0': 0, 'assembly/index/Shop<i32>': 1 },
  ],
])('%s: what processes run that an SDK was told', (language, text, expected) => {
  const found = placesOf(text, language, new Map(Object.keys(expected).map((entry) => [entry, 1])));
  const lines = Object.entries(expected).filter(([, line]) => line >= 0);
  expect(Object.fromEntries(found.map(({ entry, line }) => [entry, line]))).toEqual(
    Object.fromEntries(lines),
  );
});

test.each([
  ['/shop/src/main.rs', '/shop/target/wasm32-wasi/debug/shop.wasm', true],
  ['/shop/src/main.rs', '/shop/target/wasm32-wasi/debug/examples/till.wasm', false],
  ['/shop/examples/till.rs', '/shop/target/wasm32-wasi/debug/examples/till.wasm', true],
  ['/shop/examples/other.rs', '/shop/target/wasm32-wasi/debug/examples/till.wasm', false],
  ['/shop/src/bin/night-shift/main.rs', '/shop/target/wasm32-wasi/debug/night_shift.wasm', true],
  ['/shop/main.c', '/shop/build/shop.wasm', true],
  ['/shop/examples/till.rs', '', true],
])('main of %s, while %s runs: %s', (source, module, expected) => {
  expect(mayBeginIn(source, module)).toBe(expected);
});
