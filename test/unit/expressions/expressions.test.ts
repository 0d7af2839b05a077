import { expect, test } from 'vitest';
import {
  BYTE,
  type Code,
  type Context,
  compileExpression,
  ExpressionError,
  inMemory,
  parseExpression,
  parseHitCondition,
  parseLogMessage,
  prepareExpression,
  type Scope,
  truthOf,
  valueText,
} from '../../../runtime/expressions/index.ts';

/** `greeting` is at 16, a list of i32 at 32, a large u64 at 48. */
const memory = new DataView(new ArrayBuffer(64));
new Uint8Array(memory.buffer).set(Buffer.from('h\u00e9llo\0'), 16);
[7, -8, 9].forEach((value, i) => {
  memory.setInt32(32 + 4 * i, value, true);
});
memory.setBigUint64(48, 2n ** 63n + 1n, true);
memory.setFloat32(56, 0.1, true);

const number = (value: number | bigint, bytes: 4 | 8 = 4): Code<Context> => ({
  type: { kind: 'integer', bytes, isSigned: null },
  value: () => value,
});
const names = new Map<string, Code<Context>>([
  ['$total', number(5)],
  ['$minus', number(-1)],
  ['$long', number(-1, 8)],
  ['$a+b', number(3)],
  ['local 3', number(33)],
  ['shop::COUNT', number(2)],
  ['half', { type: { kind: 'float', bytes: 8 }, value: () => 0.5 }],
  ['yes', { type: { kind: 'boolean' }, value: () => true }],
  ['name', { type: { kind: 'text' }, value: () => 'worker' }],
  [
    'list',
    inMemory({ kind: 'array', of: { kind: 'integer', bytes: 4, isSigned: true }, count: 3 }, () => 32),
  ],
  ['memory', inMemory({ kind: 'array', of: BYTE }, () => 0)],
  [
    'point',
    {
      type: { kind: 'record', name: 'Point' },
      member: (name) => (name === 'x' || name === '0' ? number(4) : undefined),
    },
  ],
  [
    'pairs',
    {
      type: { kind: 'record', name: 'Pairs' },
      member: (of) =>
        of === '2'
          ? {
              type: { kind: 'record', name: 'Pair' },
              member: (name) => (name === '1' ? number(6) : undefined),
            }
          : undefined,
    },
  ],
  [
    'found',
    {
      type: { kind: 'record', name: 'Found' },
      variants: {
        names: ['Some', 'None'],
        find: (name) =>
          name === 'Some'
            ? { isIt: () => true, fields: [number(4)] }
            : name === 'None'
              ? { isIt: () => false, fields: null }
              : undefined,
      },
    },
  ],
]);
const context = { memory };

test.each([-1, 1.5, 0xd800, 0x11_0000])('what is no character is displayed as a number: %d', (code) => {
  expect(valueText({ type: { kind: 'character' }, value: () => code }, context)).toMatch(/^-?0x/);
});

function compiled(text: string): Code<Context> {
  return compileExpression(parseExpression(text), { find: (name) => names.get(name) });
}

function valueOfText(text: string): string {
  return valueText(compiled(text), context);
}

test.each([
  ['1 + 2 * 3', '7'],
  ['(1 + 2) * 3', '9'],
  ['7 / 2', '3'],
  ['-7 / 2', '-3'],
  ['-7 % 3', '-1'],
  ['7 / 2.0', '3.5'],
  ['10 - 3 - 2', '5'],
  ['0xff_ff', '65535'],
  ['0b101', '5'],
  ['1_000', '1000'],
  ['1e3', '1000'],
  ["'a'", "'a'"],
  ["'a' + 1", '98'],
  ["'\\u{1f600}' == 0x1f600", 'true'],
  ["'\\x41' == 'A'", 'true'],
  ["'\\n' == 10", 'true'],
  ['9007199254740993 - 1', '9007199254740992'],
  ['9007199254740991 * 3 % 10', '3'],
  ['9007199254740991 / 10', '900719925474099'],
  ['1 << 100 >> 98', '4'],
  ['6 & 3 | 8', '10'],
  ['6 ^ 3', '5'],
  ['~0', '-1'],
  ['-1 & 0x8000_0000', '2147483648'],
  // As in Rust: `&` binds more tightly than `==`.
  ['6 & 1 == 0', 'true'],
  ['$total == 5', 'true'],
  ['$total != 5', 'false'],
  ['$total > 4 && $total <= 5', 'true'],
  ['$total < 4 || !yes', 'false'],
  ['$"a+b"', '3'],
  ['local 3', '33'],
  ['shop::COUNT', '2'],
  // The integers of WebAssembly have no sign of their own.
  ['$minus == 0xffff_ffff', 'true'],
  ['0xffffffff != $minus', 'false'],
  ['$long == 0xffff_ffff_ffff_ffff', 'true'],
  ['$minus == -1', 'true'],
  ['(u32)$minus', '4294967295'],
  ['$minus as u8', '255'],
  ['300 as u8 as i8', '44'],
  ['(uint8_t)300 + (int16_t)40000', '-25492'],
  ['(u64)$long', '18446744073709551615'],
  ['(u128)$minus == (1 << 127) - 1 + (1 << 127)', 'true'],
  ['1.9 as i32', '1'],
  ['1e30 as i32', '2147483647'],
  ['-1.0 as u8', '0'],
  ['(f32)0.1', '0.1'],
  ['2 as bool', 'true'],
  ['65 as char', "'A'"],
  ['half * 2', '1'],
  ['half == 0.5', 'true'],
  ['*(f32*)56 == 0.1 && 0.1 >= *(f32*)56 && *(f32*)56 != -0.1', 'true'],
  ['*(f32*)56 == (f64)0.1', 'false'],
  ['1 / 0.0', 'inf'],
  ['18446744073709551615 == 18446744073709551615.0', 'false'],
  ['name', 'worker'],
  ['name == "worker"', 'true'],
  ['"a\\"\\u{e9}" == "a\\x22\\u{e9}"', 'true'],
  ['len(name)', '6'],
  ['len(list)', '3'],
  ['list[1]', '-8'],
  ['list[$total - 3]', '9'],
  ['&list', '0x20'],
  ['*&list[0]', '7'],
  ['*32', '7'],
  ['*(&list[0] + 1)', '-8'],
  ['((u8*)16)[0]', '104'],
  ['*(16 as *const u8)', '104'],
  ['*(u64*)48', '9223372036854775809'],
  ['*(f32*)56', '0.1'],
  ['(char*)16', 'h\u00e9llo'],
  ['(char*)16 == "h\\u{e9}llo"', 'true'],
  ['text(16)', 'h\u00e9llo'],
  ['text(16, 3)', 'h\u00e9'],
  ['len(text(16))', '6'],
  ['memory[16]', '104'],
  ['point.x + point.0', '8'],
  ['(point).x', '4'],
  ['pairs.2.1 + 0.5', '6.5'],
  ['yes ? 1 : 2', '1'],
  ['yes?$total:$minus', '5'],
  ['yes ? "t" : 1 == 2 ? name : text(16)', 't'],
  ['$total > 5 ? "many" : $total > 4 ? name : "few"', 'worker'],
  ['1 + (half < 0 ? 1 : half) * 2', '2'],
  // What is not chosen may be what cannot be.
  ['$total == 5 ? list[0] : list[99]', '7'],
  ['yes ? &list : 0', '0x20'],
  ['yes ? 1 : nowhere', '1'],
  ['yes ? name : point.y', 'worker'],
  ['yes ? 1.5 : name', '1.5'],
  ['list.len() + name.size()', '9'],
  ['name.is_empty() || !name.contains("work")', 'false'],
  ['found == Some(4) && found != None', 'true'],
  ['found == Found::Some && None != found', 'true'],
  ['found == Some(5)', 'false'],
  ['found.is_some() && !found.is_none()', 'true'],
  ['found == Some(_)', 'true'],
  // Each level must not take twice as long.
  [`${'('.repeat(60)}yes${' == yes)'.repeat(60)}`, 'true'],
  ['sizeof(list)', '12'],
  ['sizeof(list[0]) * len(list)', '12'],
  ['sizeof(*(u64*)48) + sizeof($long)', '16'],
  ['sizeof(int) + sizeof(unsigned long long) + sizeof(const char)', '13'],
  ['sizeof(unsigned) + sizeof(short int) + sizeof(double)', '14'],
  ['sizeof(char *) + sizeof(struct item **) + sizeof(uint8_t)', '9'],
])('%s is %s', (text, value) => {
  expect(valueOfText(text)).toBe(value);
});

test.each([
  ['', 'the expression ends too soon'],
  ['1 +', 'the expression ends too soon'],
  ['(1', "the expression ends too soon, where ')' is missing"],
  ['1 2', "'2' is not expected"],
  ['a b', "'b' is not expected"],
  ['a ? 1', "the expression ends too soon, where ':' is missing"],
  ['a : 1', "':' is not expected"],
  ['1 < 2 < 3', 'comparisons are joined with && or ||'],
  ['x = 5', "'= 5' is not understood"],
  ['a; b', "'; b' is not understood"],
  ['`x`', 'is not understood'],
  ['"open', 'is not understood'],
  ["'ab'", 'is not understood'],
  ["'\\u{110000}'", 'there is no character'],
  ['1'.repeat(500), 'has too many digits'],
  [`${'1+'.repeat(500)}1`, 'an expression has at most 1000 characters'],
  [`${'('.repeat(499)}1${')'.repeat(499)}`, 'nests too deeply'],
  ['-'.repeat(999), 'nests too deeply'],
])('text %# is no expression', (text, message) => {
  expect(() => parseExpression(text)).toThrow(ExpressionError);
  expect(() => parseExpression(text)).toThrow(message);
});

test.each([
  ['$nothing', 'there is no $nothing here'],
  ['constructor', 'there is no constructor here'],
  ['1 as banana', 'there is no type banana'],
  ['point', 'a Point is no single value'],
  ['name', 'a text is neither true nor false'],
  ['name < "x"', 'texts are only equal or different'],
  ['name == 5', 'an integer is not compared with a text'],
  ['name + 1', "'+' takes an integer, not a text"],
  ['half & 1', "'&' takes integers, not floats"],
  ['point.y', 'a Point has no y'],
  ['$total.x', 'there is no $total.x here'],
  ['($total).x', 'an i32 has no x'],
  ['$total[0]', 'an i32 has no elements'],
  ['&$total', 'only what is in memory has an address'],
  ['exit()', 'there is no function exit of 0 values'],
  ['len(5)', 'an integer has no length'],
  ['sizeof(point)', 'the size of a Point is not known'],
  ['sizeof(struct point)', 'the size of a Point is not known'],
  ['yes ? 1 : name', 'a text is neither true nor false'],
  ['list.push(1)', 'an expression cannot call push(): of methods it knows len(),'],
  ['point.contains()', 'an expression cannot call contains()'],
  ['found == Nobody', 'a Found has no variant Nobody, but Some, None'],
  ['found == Some(1, 2)', 'Some has 1 value in it, not 2'],
  ['found == 5', 'a Found is no single value'],
  ['()', "'()' is only compared with what a variant has in it"],
])('%s makes no condition', (text, message) => {
  expect(() => truthOf(compiled(text))).toThrow(ExpressionError);
  expect(() => truthOf(compiled(text))).toThrow(message);
});

test.each([
  ['1 / ($total - 5)', 'it divides by zero'],
  ['1 % 0', 'it divides by zero'],
  ['list[3]', 'there is no element 3'],
  ['list[-1]', 'there is no element -1'],
  ['*64', '4 bytes at 0x40 cannot be read: the memory has 64'],
  ['*62', '4 bytes at 0x3e cannot be read'],
  ['*$minus', '4 bytes at 0xffffffff cannot be read'],
  ['memory[-1]', 'there is no element -1'],
  ['text(60, 5)', '5 bytes at 0x3c cannot be read'],
  ['text(0, 1 << 40)', 'is longer than 65536'],
  ['text(0, -1)', 'is longer than'],
  ['1 << 129', 'it shifts by more than 128 bits'],
  ['1 << 128', 'the number has more than 128 bits'],
  ['1 << -1', 'it shifts by more than 128 bits, or less than none'],
  ['(1 << 127) * (1 << 127)', 'the number has more than 128 bits'],
])('%s cannot be evaluated', (text, message) => {
  const code = compiled(text);
  expect(() => valueText(code, context)).toThrow(ExpressionError);
  expect(() => valueText(code, context)).toThrow(message);
});

test.each([
  ['5', [5]],
  ['>= 5', [5, 6, 7]],
  ['> 5', [6, 7]],
  ['< 3', [1, 2]],
  ['<=3', [1, 2, 3]],
  ['== 2', [2]],
  ['!= 2', [1, 3, 4, 5, 6, 7]],
  ['% 3', [3, 6]],
])('of seven hits, %s means %j', (text, hits) => {
  const isWanted = parseHitCondition(text);
  expect([1, 2, 3, 4, 5, 6, 7].filter(isWanted)).toEqual(hits);
});

test.each(['', 'five', '5 5', '% 0', '-1', '>= x', '9'.repeat(20)])('%j is no hit count', (text) => {
  expect(() => parseHitCondition(text)).toThrow(ExpressionError);
});

test('a log message has expressions in braces, in which texts may have some, and braces with a backslash', () => {
  const parts = parseLogMessage('a {$x} \\{b\\} {name == "}"}{1}');
  const texts = parts.map((part) => (typeof part === 'string' ? part : `<${part.kind}>`));
  expect(texts).toEqual(['a ', '<name>', ' {b} ', '<binary>', '<integer>']);
  expect(() => parseLogMessage('{1')).toThrow("a '{' is not closed by a '}'");
  expect(() => parseLogMessage('{}')).toThrow('the expression ends too soon');
  expect(() => parseLogMessage('x'.repeat(5000))).toThrow('at most 4000 characters');
});

test('where types depend on what is there, each name must be there, also those with a part behind them', () => {
  const scope: Scope<Context> = {
    find: (name) => (name === 'Shop.total' || name === 'x' ? number(1) : undefined),
    at: () => scope,
  };
  const problem = (text: string) => {
    try {
      prepareExpression(parseExpression(text), scope);
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(['Shop.total + x.any', 'Shop.total + Shop.typo', 'nobody.total', 'nobody'].map(problem)).toEqual([
    null,
    'there is no Shop.typo here',
    'there is no nobody here',
    'there is no nobody here',
  ]);
});
