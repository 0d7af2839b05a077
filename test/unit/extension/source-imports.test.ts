/** Imports of host functions that sources declare: found in three languages, checked, and corrected. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkImports } from '../../../extension/language-server/sources/host-checks.ts';
import { importLanguage } from '../../../extension/language-server/sources/languages.ts';
import { projectFolder } from '../../support/command.ts';

function languageOf(name: string) {
  const language = importLanguage(name);
  if (language === undefined) throw new Error(`${name} is no language`);
  return language;
}

/** The imports of a source as texts: `module::name(types) -> type`, with `?` for a type that is not known. */
function found(name: string, source: string): string[] {
  return languageOf(name)
    .find(source)
    .map(({ module, name, params, result }) => {
      const types = params.map(({ type }) => type ?? '?').join(', ');
      return `${module.text}::${name.text}(${types}) -> ${result === undefined ? 'nothing' : (result.type ?? '?')}`;
    });
}

/** What is wrong with a source, and what it is once all of it is corrected. */
function corrected(name: string, source: string): { problems: string[]; places: string[]; text: string } {
  const { find, writing } = languageOf(name);
  const problems = checkImports(find(source), writing);
  const edits = problems.flatMap(({ fix }) => fix?.edits ?? []).sort((a, b) => b.start - a.start);
  return {
    problems: problems.map(({ message }) => message),
    places: problems.map(({ start, end }) => source.slice(start, end)),
    text: edits.reduce((text, edit) => text.slice(0, edit.start) + edit.text + text.slice(edit.end), source),
  };
}

describe('imports are found', () => {
  test('in Rust: blocks with attributes, names that links give, and types of all kinds', () => {
    const source = `
      // #[link(wasm_import_module = "lunatic::message")] extern "C" { fn get_tag() -> i64; }
      /* /* #[link(wasm_import_module = "a")] */ extern "C" { fn b(); } */
      const QUOTED: &str = r#"#[link(wasm_import_module = "a")] extern "C" { fn b(); }"#;
      #[link(wasm_import_module = "lunatic::process")]
      #[allow(dead_code)]
      unsafe extern "C" {
          /// Starts a process.
          pub fn spawn(link: i64, config: u64, name: *const u8, length: usize, id: &mut u64) -> u32;
          #[link_name = "die_when_link_dies"]
          pub safe fn trap_on_link(trap: core::ffi::c_int);
          fn stop(code: Code, callback: Option<extern "C" fn(i32, i32)>, last: extern "C" fn(i32)) -> !;
      }
      extern "C" { fn local(c: char); }
      fn main() { let quote = '"'; }
      #[link(wasm_import_module = "env")] extern { fn sum(a: f32, b: f64) -> (); fn more(); }`;
    expect(found('rust', source)).toEqual([
      'lunatic::process::spawn(i64, i64, i32, i32, i32) -> i32',
      'lunatic::process::die_when_link_dies(i32) -> nothing',
      'lunatic::process::stop(?, ?, i32) -> nothing',
      'env::sum(f32, f64) -> nothing',
      'env::more() -> nothing',
    ]);
  });

  test('in C and C++: attributes before and behind, their other form, and macros', () => {
    const source = `
      #include <stdint.h>
      #define HOST(module, name) __attribute__((import_module("lunatic::" module), \\
                                                import_name(name)))
      // HOST("message", "commented") void commented(void);
      HOST("message", "send") uint32_t lunatic_send(uint64_t process);
      __attribute__((import_module("lunatic::process"), import_name("spawn")))
      extern unsigned long long spawn(const char *name, size_t length, void (*function)(int), struct shop shop);
      double sum(float a, long double b, long c, long long) __attribute__((__import_module__("env")));
      static int twice(int number) { return 2 * number; }
      extern "C" { [[clang::import_module("env"), clang::import_name("now")]] int64_t now(void); }
      namespace shop { LUNATIC_IMPORT("lunatic::registry", "get") enum found get(uint8_t name[8]); }
      char quote = '"'; int last(void);`;
    expect(found('c', source)).toEqual([
      'lunatic::message::send(i64) -> i32',
      'lunatic::process::spawn(i32, i32, i32, ?) -> i64',
      'env::sum(f32, ?, i32, i64) -> f64',
      'env::now() -> i64',
      'lunatic::registry::get(i32) -> i32',
    ]);
  });

  test('in AssemblyScript: behind decorators, with and without export', () => {
    const source = `
      // @external("lunatic::message", "commented") declare function commented(): void;
      @external("lunatic::process", "spawn")
      export declare function spawn(link: i64, name: usize, length: u32 = 3, shop: Shop | null): u64;
      @external('env', 'sum')
      @unsafe
      declare function sum(a: f32, b: f64): void
      @external("only_a_name") declare function other(): void;
      export function quote(): string { return \`"\${1}\`; }
      @external("env", "last") declare function last();`;
    expect(found('typescript', source)).toEqual([
      'lunatic::process::spawn(i64, i32, i32, ?) -> i64',
      'env::sum(f32, f64) -> nothing',
      'env::last() -> nothing',
    ]);
  });

  test.each([
    ['c', 'media/templates/c/common/lunatic.h', 35],
    ['assemblyscript', 'media/templates/assemblyscript/common/assembly/lunatic.ts', 38],
    ['rust', 'test/guests/debug/shop.rs', 4],
  ])('in a library in %s, and nothing is wrong with them', (name, path, count) => {
    const source = readFileSync(join(projectFolder, path), 'utf8');
    expect(found(name, source)).toHaveLength(count);
    expect(corrected(name, source).problems).toEqual([]);
  });

  test('in no text that has no end', () => {
    const piece = fc.constantFrom(
      ...[
        '#[link(',
        'wasm_import_module = "m"',
        ')]',
        'extern "C"',
        '{',
        '}',
        'fn f',
        '(',
        ')',
        ',',
        ';',
        '->',
      ],
      ...[
        '__attribute__((',
        'import_module("m")',
        '@external(',
        '"m", "n"',
        'declare function f',
        ':',
        'i32',
      ],
      ...['"', "'", '`', '\\', '/*', '*/', '//', '\n', 'r#"', '<', '>', '[', ']', '#define M(a, b)', 'a '],
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 40 }),
        fc.constantFrom('rust', 'c', 'typescript'),
        (pieces, name) => {
          const source = pieces.join('');
          for (const { module, list } of languageOf(name).find(source)) {
            expect(source.slice(module.start, module.end)).toBe('m');
            expect(list.start).toBeLessThan(list.end);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  test.each(['rust', 'c', 'typescript'])('in %s in linear time, whatever the source is', (name) => {
    const pieces = ['(', '{', 'a(', '#[link(', '__attribute__((', '@external("a", "b") ', '/*', '"', 'a < '];
    const link = '#[link(wasm_import_module = "a")] ';
    // Ten of them take some hundred milliseconds; in quadratic time, each takes more than a minute.
    for (const piece of [...pieces, link, `${link} extern "C" { fn `, 'fn a(', '__attribute__((b)) ; '])
      found(name, piece.repeat(2 ** 18 / piece.length));
  });
});

describe('imports are checked', () => {
  test('a name that the host has not is like another one, and becomes that', () => {
    const source = '#[link(wasm_import_module = "lunatic::process")] extern "C" { fn sleepms(millis: u64); }';
    expect(corrected('rust', source)).toEqual({
      problems: ['lunatic::process has no function sleepms: perhaps sleep_ms is meant'],
      places: ['sleepms'],
      text: source.replace('sleepms', 'sleep_ms'),
    });
  });

  test('so does a module, also where a macro has its beginning', () => {
    const macro = '#define HOST(m, n) __attribute__((import_module("lunatic::" m), import_name(n)))\n';
    const source = `${macro}HOST("mesage", "send") uint32_t lunatic_send(uint64_t process);`;
    expect(corrected('c', source)).toEqual({
      problems: ['the host has no module lunatic::mesage: perhaps lunatic::message is meant'],
      places: ['mesage'],
      text: source.replace('mesage', 'message'),
    });
  });

  test('a module of somebody else is not', () => {
    const source = '@external("env", "sleepms") declare function sleepms(millis: string): void;';
    expect(corrected('typescript', source).problems).toEqual([]);
  });

  test.each([
    [
      'rust',
      '#[link(wasm_import_module = "lunatic::process")] extern "C" { fn sleep_ms(millis: u32) -> u32; }',
      '#[link(wasm_import_module = "lunatic::process")] extern "C" { fn sleep_ms(millis: i64) -> (); }',
    ],
    [
      'rust',
      '#[link(wasm_import_module = "lunatic::message")] extern "C" { fn get_tag(); }',
      '#[link(wasm_import_module = "lunatic::message")] extern "C" { fn get_tag() -> i64; }',
    ],
    [
      'c',
      'HOST("lunatic::message", "create_data") int create(int tag);',
      'HOST("lunatic::message", "create_data") void create(int64_t tag, int64_t buffer_capacity);',
    ],
    [
      'c',
      'HOST("lunatic::process", "sleep_ms") void rest(unsigned int millis);',
      'HOST("lunatic::process", "sleep_ms") void rest(int64_t millis);',
    ],
    [
      'typescript',
      '@external("lunatic::message", "get_tag") declare function tag(of: u32);',
      '@external("lunatic::message", "get_tag") declare function tag(): i64;',
    ],
  ])('in %s, a type that is wrong is corrected', (name, source, expected) => {
    const { problems, text } = corrected(name, source);
    expect(problems).toEqual([expect.stringMatching(/^the host's function is \w+\(.*\)( -> i64)?$/)]);
    expect(text).toBe(expected);
    expect(corrected(name, text).problems).toEqual([]);
  });

  test('types of older releases are right as well', () => {
    const source =
      '#[link(wasm_import_module = "wasi_snapshot_preview1")] extern "C" { fn proc_exit(code: u32) -> !; }';
    expect(corrected('rust', source).problems).toEqual([]);
  });
});
