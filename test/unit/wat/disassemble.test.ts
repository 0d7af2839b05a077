import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readModule, type WasmModule } from '../../../runtime/wasm/index.ts';
import { disassembleFunction, functionText, lineOf } from '../../../runtime/wat/index.ts';
import { classicModules, modernModules } from '../wasm/constructs.ts';
import { binary, leb, modernWat, oneFunction, type Wasm, wat } from '../wasm/support.ts';

const root = join(import.meta.dirname, '..', '..', '..');
/** Disassembles function 0 of a text or a binary. */
async function textOf(source: string | Wasm, index = 0): Promise<string> {
  return functionText(readModule(typeof source === 'string' ? await wat(source) : source), index);
}

/** Lines of the only function of a module, without its head and its end. */
function linesOf(bytes: Wasm): string[] {
  return functionText(readModule(bytes), 0).split('\n').slice(1, -1);
}

describe('a function as text', () => {
  it('reads as a person would write it', async () => {
    const bytes = await wat(`(module
      (type $pair (func (param i32 i32) (result i32 i32)))
      (import "env" "log" (func $log (param i32)))
      (table 1 funcref) (table $jump 4 funcref)
      (memory 1)
      (global $depth (mut i32) (i32.const 0))
      (func $app::worker (export "work") (export "again") (param $n i32) (param i64) (param $x f32) (result i32)
        (local $i i32) (local i64 i64 f64) (local $s i32)
        (loop $l
          (block $out
            (br_if $out (i32.eqz (local.get $n)))
            (if (local.get $i) (then (call $log (i32.load8_u offset=16 (i32.const 8)))) (else (return (i32.const -1))))
            (i64.store align=2 (i32.const 0) (i64.const -9007199254740993))
            (br_table 0 1 0 (global.get $depth)))
          (call_indirect $jump (type $pair) (i32.const 1) (i32.const 2) (i32.const 0))
          (drop) (drop))
        (local.get $i)
        (drop (f32.const 0.1)) (drop (f64.const nan:0x8000000000001)))
    )`);
    expect(functionText(readModule(bytes), 1)).toBe(
      `(func $app::worker (;1;) (export "work") (export "again") (type 2) (param $n i32) (param i64) (param $x f32) (result i32)
  (local $i i32) (local i64 i64 f64) (local $s i32)
  loop ;; label = @1
    block ;; label = @2
      local.get $n
      i32.eqz
      br_if 0 (;@2;)
      local.get $i
      if ;; label = @3
        i32.const 8
        i32.load8_u offset=16
        call $log (;0;)
      else
        i32.const -1
        return
      end
      i32.const 0
      i64.const -9007199254740993
      i64.store align=2
      global.get $depth (;0;)
      br_table 0 (;@2;) 1 (;@1;) 0 (;@2;)
    end
    i32.const 1
    i32.const 2
    i32.const 0
    call_indirect $jump (;1;) (type 0) (param i32 i32) (result i32 i32)
    drop
    drop
  end
  local.get $i
  f32.const 0.1
  drop
  f64.const nan:0x8000000000001
  drop
)`,
    );
  });

  it('of an import is the import', async () => {
    const source =
      '(module (type $t (func (param i64) (result f32))) (import "a \\"b\\"" "c" (func $f (type $t))))';
    expect(await textOf(source)).toBe(
      '(import "a \\u{22}b\\u{22}" "c" (func $f (;0;) (type 0) (param i64) (result f32)))',
    );
    expect(disassembleFunction(readModule(await wat(source)), 0).offsets).toEqual([-1]);
  });

  it('that does not exist says so', () => {
    for (const index of [1, -1, 0.5, Number.NaN, 2 ** 32]) {
      expect(functionText(readModule(oneFunction()), index)).toBe(`;; there is no function ${index}`);
    }
  });

  it('without a name gets the one by which it is imported or exported', async () => {
    const module = readModule(
      await wat(`(module (import "env" "f" (func)) (import "env" "f" (func)) (func (export "run") call 0 call 1 call 3)
        (func call 2))`),
    );
    expect(functionText(module, 2)).toBe(
      `(func $run (;2;) (export "run") (type 0)\n  call $env.f (;0;)\n  call $env.f#1 (;1;)\n  call 3\n)`,
    );
    expect(functionText(module, 3)).toBe('(func (;3;) (type 0)\n  call $run (;2;)\n)');
  });

  it('shows Rust names as paths, and distinguishes instances of generic functions', async () => {
    const symbol = (path: string, hash: string): string =>
      `$_ZN${path.length}${path}4work17h${hash.repeat(16)}E`;
    const quoted = symbol('_$LT$app..A$u20$as$u20$app..B$GT$', 'a');
    const text = await textOf(`(module (func call ${quoted} call ${symbol('app', 'b')})
      (func ${quoted}) (func ${symbol('app', 'a')}) (func ${symbol('app', 'b')}))`);
    expect(text).toContain('call $"<app::A as app::B>::work" (;1;)\n');
    expect(text).toContain('call $app::work#3 (;3;)\n');
  });

  it('shows exceptions, old and new', async () => {
    const text = await textOf(
      `(module (tag $e (param i32)) (func (try $outer
        (do (try (do (nop)) (delegate $outer)) (try (do (throw $e (i32.const 1))) (delegate 1)))
        (catch $e (drop)) (catch_all (rethrow 0)))))`,
    );
    expect(text.split('\n').slice(1)).toEqual([
      '  try ;; label = @1',
      '    try ;; label = @2',
      '      nop',
      '    delegate 0 (;@1;)',
      '    try ;; label = @2',
      '      i32.const 1',
      '      throw $e (;0;)',
      '    delegate 1 (;@0;)',
      '  catch $e (;0;)',
      '    drop',
      '  catch_all',
      '    rethrow 0 (;@1;)',
      '  end',
      ')',
    ]);
    const modern = modernWat(`(module (tag $e (param i32)) (func (block $r (result exnref)
      (block $h (result i32) (try_table (catch $e $h) (catch_all_ref $r) (nop)) (return)) (return)) (throw_ref)))`);
    expect(linesOf(modern).join('\n')).toContain(
      'try_table (catch 0 0 (;@2;)) (catch_all_ref 1 (;@1;)) ;; label = @3\n',
    );
  });
});

describe('hostile modules', () => {
  /** A name section with the names of function 0 and of its locals. */
  function named(name: Uint8Array | string, locals: string[], code: number[] = []): Wasm {
    const text = (s: Uint8Array | string): number[] => {
      const bytes = typeof s === 'string' ? new TextEncoder().encode(s) : s;
      return [...leb(bytes.length), ...bytes];
    };
    const section = (id: number, contents: number[]): number[] => [id, ...leb(contents.length), ...contents];
    const localNames = locals.flatMap((local, i) => [...leb(i), ...text(local)]);
    return binary(
      [1, 1, 0x60, 1, 0x7f, 0],
      [3, 1, 0],
      [10, 1, ...leb(code.length + 4), 1, 2, 0x7e, ...code, 0x0b],
      [
        0,
        ...text('name'),
        ...section(1, [1, 0, ...text(name)]),
        ...section(2, [1, 0, ...leb(locals.length), ...localNames]),
      ],
    );
  }

  it('cannot affect the terminal or the lines through their names', () => {
    const text = functionText(
      readModule(named('a\x1b[31m\n(func) \u202e"\\', ['\r\n;; x', '"', 'a b', 'c'], [0x10, 0, 0x20, 1])),
      0,
    );
    expect(text).toBe(
      `(func $"a\ufffd[31m\ufffd(func) \ufffd\\u{22}\\u{5c}" (;0;) (type 0) (param $"\ufffd\ufffd;; x" i32)
  (local $"\\u{22}" i64) (local $"a b" i64)
  call $"a\ufffd[31m\ufffd(func) \ufffd\\u{22}\\u{5c}" (;0;)
  local.get $"\\u{22}"
)`,
    );
  });

  it('are shown with short names', () => {
    const text = functionText(readModule(named('x'.repeat(50_000), ['y'.repeat(9_999)], [0x20, 0])), 0);
    expect(text.length).toBeLessThan(1_000);
    expect(text).toContain(`$"${'x'.repeat(200)}…"`);
  });

  it('may name what does not exist, or use a name twice', () => {
    const text = functionText(readModule(named('', ['a', 'a', 'a', 'a', 'a'], [0x20, 2])), 0);
    expect(text).toBe(
      '(func (;0;) (type 0) (param $a i32)\n  (local $a#1 i64) (local $a#2 i64)\n  local.get $a#2\n)',
    );
    expect(functionText(readModule(named(new Uint8Array([0xff, 0xc0]), [])), 0)).toContain('$"\ufffd\ufffd"');
  });

  it('may have exports of any name and number', () => {
    const exported = Array.from({ length: 20 }, (_, i) => [2, 0x0a, 0x61 + i, 0, 0]).flat();
    const bytes = binary([1, 1, 0x60, 0, 0], [3, 1, 0], [7, 20, ...exported], [10, 1, 2, 0, 0x0b]);
    const text = functionText(readModule(bytes), 0);
    expect(text).toMatch(/^\(func \$"\ufffda" \(;0;\) \(export "\\u\{a\}a"\) \(export "\\u\{a\}b"\) .*\n\)$/);
    expect(text).toContain('(; 4 more exports ;)');
  });

  /** A function of more code than `oneFunction` can take. */
  function withCode(code: Uint8Array): Wasm {
    const size = leb(code.length + 2);
    const header = binary([1, 1, 0x60, 0, 0], [3, 1, 0]);
    const section = [10, ...leb(1 + size.length + code.length + 2), 1, ...size, 0];
    return new Uint8Array(Buffer.concat([header, new Uint8Array(section), code, new Uint8Array([0x0b])]));
  }

  it('may have more instructions than anyone reads', () => {
    const module = readModule(withCode(new Uint8Array(150_000).fill(0x01)));
    const begin = performance.now();
    const disassembly = disassembleFunction(module, 0);
    expect(performance.now() - begin).toBeLessThan(2_000);
    const lines = disassembly.text.split('\n');
    expect(lines).toHaveLength(100_000);
    expect(disassembly.offsets).toHaveLength(100_000);
    expect(lines.at(-2)).toBe('  ;; 50003 more instructions');
    const first = module.code.codeStart[0] ?? 0;
    expect(lineOf(disassembly, first + 99_996)).toBe(99_997);
    expect(lineOf(disassembly, first + 140_000)).toBe(99_998);
    expect(lineOf(disassembly, first + 150_000)).toBe(99_999);
  });

  it('may have more locals, labels, parameters and depth than anyone reads', () => {
    const locals = [2, 0xff, 0xff, 0xff, 0xff, 0x07, 0x7f, 0xff, 0xff, 0xff, 0xff, 0x07, 0x7e];
    const deep = 30_000;
    const table = [0x0e, ...leb(9_999), ...Array.from({ length: 10_000 }, () => 0)];
    const blocks = Array.from({ length: deep }, () => [0x02, 0]).flat();
    const ends = Array.from({ length: deep }, () => 0x0b);
    const body = [...locals, ...blocks, ...table, ...ends, 0x0b];
    const many = Array.from({ length: 5_000 }, () => 0x7f);
    const bytes = binary(
      [1, 1, 0x60, ...leb(many.length), ...many, 0],
      [3, 1, 0],
      [10, 1, ...leb(body.length), ...body],
    );
    const text = functionText(readModule(bytes), 0);
    expect(text.split('\n')[0]).toBe('(func (;0;) (type 0) (; 5000 parameters, 0 results ;)');
    expect(text).toContain('  ;; 4294917294 more locals\n');
    expect(text).toContain('(; 5904 more labels ;)\n');
    expect(text.length).toBeLessThan(15_000_000);
    expect(Math.max(...text.split('\n').map((line) => line.search(/\S/)))).toBe(80);
  });

  it('are never too much, however they are mutated', async () => {
    const samples: Wasm[] = [];
    for (const source of Object.values(classicModules)) samples.push(await wat(`(module ${source})`));
    for (const source of Object.values(modernModules)) samples.push(modernWat(`(module ${source})`));
    const [guest = ''] = globSync('test/guests/built/c/*.wasm', { cwd: root }).sort();
    samples.push(new Uint8Array(readFileSync(join(root, guest))));
    const mutation = fc.record({
      at: fc.nat(),
      value: fc.nat(255),
      kind: fc.constantFrom('set', 'cut', 'insert', 'bit'),
    });
    let read = 0;
    fc.assert(
      fc.property(fc.nat(), fc.array(mutation, { minLength: 1, maxLength: 4 }), (pick, mutations) => {
        const bytes = [...(samples[pick % samples.length] ?? [])];
        for (const { at, value, kind } of mutations) {
          const i = 8 + (at % Math.max(1, bytes.length - 8));
          if (kind === 'set') bytes[i] = value;
          else if (kind === 'bit') bytes[i] = (bytes[i] ?? 0) ^ (1 << (value & 7));
          else if (kind === 'insert') bytes.splice(i, 0, value);
          else bytes.splice(i, 1 + (value & 3));
        }
        let module: WasmModule;
        try {
          module = readModule(new Uint8Array(bytes));
        } catch {
          return;
        }
        read++;
        checkShape(module);
      }),
      { numRuns: 3_000, interruptAfterTimeLimit: 15_000 },
    );
    expect(read).toBeGreaterThan(100);
  });

  /** Checks that every instruction has a line, and that every line is fit to be shown. */
  function checkShape(module: WasmModule): void {
    for (let i = 0; i < module.importedFunctions + module.functions.length; i++) {
      const disassembly = disassembleFunction(module, i);
      const { text, offsets } = disassembly;
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      const lines = text.split('\n');
      expect(offsets).toHaveLength(lines.length);
      expect(lines.length).toBeLessThanOrEqual(100_000);
      expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
      for (const [line, offset] of offsets.entries()) {
        if (offset >= 0 && lineOf(disassembly, offset) !== line)
          expect(lineOf(disassembly, offset)).toBe(line);
      }
    }
  }
});

describe('lineOf', () => {
  it('finds the instruction that covers an offset', async () => {
    const module = readModule(await wat('(module (func (local i32) i32.const 1000000 drop block nop end))'));
    const disassembly = disassembleFunction(module, 0);
    const at = module.code.codeStart[0] ?? 0;
    expect(disassembly.offsets).toEqual([-1, -1, at, at + 4, at + 5, at + 7, at + 8, at + 9]);
    expect([at, at + 1, at + 3, at + 4, at + 6, at + 9].map((offset) => lineOf(disassembly, offset))).toEqual(
      [2, 2, 2, 3, 4, 7],
    );
    expect(lineOf(disassembly, at - 1)).toBe(0);
    expect(lineOf(disassembly, 0)).toBe(0);
    expect(lineOf(disassembly, at + 1_000)).toBe(7);
    expect(lineOf(disassembleFunction(module, 7), at)).toBe(0);
  });
});
