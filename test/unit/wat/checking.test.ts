import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkText, readSyntax } from '../../../runtime/wat/index.ts';

/** What is wrong with a text: the words that it is about, and the message. */
function problems(source: string): string[] {
  return checkText(readSyntax(source)).map(
    ({ start, end, message }) => `${source.slice(start, end)}: ${message}`,
  );
}

/** The same for the code of a function without parameters and results. */
function inFunction(code: string, fields = ''): string[] {
  return problems(`(module ${fields} (func ${code}))`);
}

describe('a text with mistakes', () => {
  it.each([
    ['(module (func $f (result i32)))', '): the function ends with [], and must end with [i32]'],
    ['(module (func i32.const 1))', '): the function ends with [i32], and must end with []'],
    ['(module (func $f) (func $f))', '$f: there is another function $f'],
    ['(module (func (local $a i32) (local $a i64)))', '$a: there is another local $a'],
    ['(module (start $main))', '$main: there is no function $main'],
    ['(module (func) (start 3))', '3: there is no function 3: the only one is 0'],
    ['(module (memory 2 1))', '2 1: the maximum is below the minimum'],
    ['(module (memory 70000))', '70000: a memory has at most 65536 pages'],
    ['(module (func (export "a")) (func (export "a")))', '"a": another export has this name'],
    [
      '(module (func) (import "a" "b" (func)))',
      '(import: imports stand before what a module defines, and there is a func before',
    ],
    [
      '(module (global i32 (i32.clz (i32.const 1))))',
      "i32.clz: i32.clz can't stand in an expression that must be constant",
    ],
    ['(module (fnc))', '(fnc: a module has no field fnc'],
    [
      '(module (type $t (sub $s (func))) (type $s (sub (func))))',
      '$s: type $s is defined later: only types of one (rec) can refer to each other so',
    ],
    ['(module (type $s (func)) (type (sub $s (func))))', '(type: type $s is final: it has no subtypes'],
    [
      '(module (table 1 (ref func)))',
      '1 (ref func): the elements of this table need a first value: (ref func) has none',
    ],
    ['(module (func (type $nope)))', '$nope: there is no type $nope'],
    ['(module (import "lunatic" "\\ff" (func)))', '"\\ff": the bytes of a name are UTF-8'],
  ])('%s', (source, expected) => {
    expect(problems(source)).toEqual([expected]);
  });

  it.each([
    ['i32.const 1 i64.const 2 i32.add drop', 'i32.add: i32.add takes [i32 i32], and finds [i32 i64]'],
    ['(drop (i32.add (i32.const 1)))', 'i32.add: i32.add takes [i32 i32], and finds [i32]'],
    ['drop', 'drop: drop takes a value, and finds none'],
    [
      'i32.load',
      'i32.load: the module has no memory',
      'i32.load: i32.load takes [any type], and finds []',
      '): the function ends with [i32], and must end with []',
    ],
    ['br 1', '1: there is no label 1: the last one is 0'],
    ['block $a br $b end', '$b: there is no label $b'],
    ['block $a end $b', '$b: this is the end of $a'],
    ['block', 'block: this block has no end'],
    ['end', 'end: this end closes nothing'],
    ['(if (i32.const 1))', 'if: (then ...) is expected in a folded if'],
    [
      '(if (result i32) (i32.const 1) (then (i32.const 2))) drop',
      '): an if without an else ends with what it begins with, [], and not [i32]',
    ],
    ['i32.cosnt 1', 'i32.cosnt: there is no instruction i32.cosnt'],
    ['local.get $x drop', '$x: there is no local $x'],
    ['i32.const 4294967296 drop', '4294967296: 4294967296 is no integer of 32 bits'],
    ['f32.const 1e39 drop', '1e39: 1e39 is no number of f32'],
    ['call $f', '$f: there is no function $f'],
    ['(call 0 (i32.const 1))', '): the function ends with [i32], and must end with []'],
    [
      'ref.func 0 drop',
      'ref.func 0: a function that code refers to is exported, or stands in an element segment, as (elem declare func $f)',
    ],
    [
      '(drop i32.const 1)',
      'drop: drop takes a value, and finds none',
      "i32.const: i32.const can't stand here",
    ],
  ])('in code: %s', (code, ...expected) => {
    expect(inFunction(code)).toEqual(expected);
  });

  it('is told of all of them, each once', () => {
    const source = `(module
      (memory 1)
      (func $a (result i32) (i32.add (i32.const 1) (f32.const 2)))
      (func $b (param $n i32) (call $nowhere (local.get $n)) (i32.store (local.get $m) (i32.const 1)))
      (func $c (result i64) (block (result i64) (i64.const 1) (i32.wat) (br 0)))
      (export "d" (func $d)))`;
    expect(problems(source)).toEqual([
      'i32.add: i32.add takes [i32 i32], and finds [i32 f32]',
      '$nowhere: there is no function $nowhere',
      '$m: there is no local $m',
      'i32.wat: there is no instruction i32.wat',
      '$d: there is no function $d',
    ]);
  });

  it('has names of types in its messages', () => {
    const types = '(type $point (struct (field $x i32) (field $y (mut i32)))) (type $list (array i8))';
    expect(inFunction('(struct.set $point $x (ref.null $point) (i32.const 1))', types)).toEqual([
      "struct.set $point $x: this field can't be changed: its type has no mut",
    ]);
    expect(inFunction('(drop (struct.get $point $z (ref.null $point)))', types)).toEqual([
      '$z: the struct has no field $z',
    ]);
    expect(inFunction('(drop (array.get $list (ref.null $point) (i32.const 0)))', types)).toEqual([
      'array.get $list: an i8 is read with array.get_s or array.get_u',
      'array.get $list: array.get takes [(ref null $list) i32], and finds [(ref null $point) i32]',
    ]);
  });
});

describe('a text without mistakes', () => {
  it.each([
    ['unreachable code', '(func (result i32) unreachable i32.add)'],
    [
      'values that a branch leaves',
      '(func (result i32) (block (result i32) (i32.const 1) (i32.const 2) br 0))',
    ],
    [
      'types that look the same',
      '(type $a (func (param i32))) (type $b (func (param i32))) (func (param (ref $a)) (result (ref $b)) local.get 0)',
    ],
    ['types of a function that nothing defines', '(func (type 0)) (func) (type (func (param i32)))'],
    [
      'exceptions, old and new',
      '(tag $e (param i32)) (func (try (do (throw $e (i32.const 1))) (catch $e drop))) (func (block $h (result i32) (try_table (catch $e $h)) (i32.const 1)) drop)',
    ],
    ['64-bit memories', '(memory i64 1) (func (drop (i64.load offset=0x100000000 (i64.const 1))))'],
    ['a table with a first value', '(func $f) (table 1 (ref func) (ref.func $f))'],
    ['tail calls', '(func $f (param i32) (result i32) (return_call $f (local.get 0)))'],
    ['a module in binary', 'binary "\\00asm"'],
  ])('%s', (_, fields) => {
    expect(problems(`(module ${fields})`)).toEqual([]);
  });

  it('may nest as deep as it likes', () => {
    const deep = `${'(i32.eqz '.repeat(100_000)}(i32.const 1)${')'.repeat(100_000)}`;
    expect(inFunction(`(drop ${deep})`)).toEqual([]);
    expect(inFunction(`${'(block '.repeat(50_000)}${')'.repeat(50_000)}`)).toEqual([]);
  });
});

const WORDS =
  '( ) (module (func (param (result (local (type (table (memory (global (export (import (elem (data (rec (sub (struct (array (field (mut (ref null i32 i64 f32 v128 funcref $a $b 0 1 99999999999 -1 0x1p3 nan:0x0 "a" "\\ff" block loop if then else end br br_if br_table return call call_indirect call_ref drop select local.get local.set global.get i32.const i32.add i32.load offset=4 align=3 try catch delegate try_table (catch throw ref.func ref.null ref.cast struct.new struct.get array.new array.new_fixed br_on_cast memory.copy table.init v128.const i8x16 i8x16.shuffle (item (offset declare shared (then (else (do ;; (;'.split(
    ' ',
  );

it('is read to its end, whatever it is', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...WORDS), { maxLength: 60 }), (words) => {
      const source = words.join(' ');
      for (const { start, end } of checkText(readSyntax(source))) {
        expect(start).toBeGreaterThanOrEqual(0);
        expect(end).toBeLessThanOrEqual(source.length);
      }
    }),
    { numRuns: 3000 },
  );
});
