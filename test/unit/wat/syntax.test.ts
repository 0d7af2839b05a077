import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Node, readSyntax, type Syntax, textOf } from '../../../runtime/wat/index.ts';

/** The structure of a text: lists by their items, words as they stand there with the kind of all but keywords. */
function drawn(source: string): unknown {
  const syntax = readSyntax(source);
  const draw = (node: Node): unknown => {
    if (node.kind === 'list') return node.items.map(draw);
    return node.kind === 'keyword' ? textOf(syntax, node) : `${node.kind} ${textOf(syntax, node)}`;
  };
  return syntax.roots.map(draw);
}

/** What is wrong with a text, with the words that it is about. */
function faults(source: string): string[] {
  return readSyntax(source).faults.map(({ start, end, message }) => `${source.slice(start, end)} ${message}`);
}

/** Every node of a text, and those inside. */
function nodesOf({ roots }: Syntax): Node[] {
  const found: Node[] = [...roots];
  for (const node of found) if (node.kind === 'list') found.push(...node.items);
  return found;
}

describe('the structure of a text', () => {
  it('is its words and parentheses, without comments and annotations', () => {
    const source = `(module $m ;; (not this
      (; (; nor ;) this) ;) (@name "x" ( , ;] ) (@)) (func $"a \\"b" (export "e)") i32.const -0x1_f))`;
    expect(drawn(source)).toEqual([
      [
        'module',
        'identifier $m',
        ['func', 'identifier $"a \\"b"', ['export', 'string "e)"'], 'i32.const', 'number -0x1_f'],
      ],
    ]);
    const { comments, annotations } = readSyntax(source);
    expect(comments.map(({ start, end }) => source.slice(start, end))).toEqual([
      ';; (not this',
      '(; (; nor ;) this) ;)',
    ]);
    expect(annotations.map(({ head }) => head)).toContain('@name');
    expect(faults(source)).toEqual([]);
  });

  it.each([['0', '-1_000', '+0x1F', '1.', '1.5e-3', '0x1.8p4', 'inf', '-nan', 'nan:0x7f', 'nan:canonical']])(
    'knows numbers',
    (...numbers) => {
      expect(drawn(numbers.join(' '))).toEqual(numbers.map((number) => `number ${number}`));
    },
  );

  it.each(['0x', '1__0', '_1', '"a"b', '$', '$"', 'a"b"', 'A', '1a', '$a"b"', 'x[0]', '"a""b"'])(
    'takes %s for no word of the language',
    (word) => {
      expect(drawn(`(x ${word}\n)`)).toEqual([['x', expect.stringMatching(/^reserved |^string "$/)]]);
    },
  );
});

describe('what is wrong with a text', () => {
  it.each([
    ['(a))', ') this parenthesis closes nothing'],
    ['(a (b)', '( this parenthesis is not closed'],
    ['(a "b', '"b this string has no end'],
    ['(a (; b', '(; this comment has no end'],
    ['(a "\\q")', '\\q strings have no such escape'],
    ['(a "\\u{d800}")', '\\u{d800} there is no such character'],
    ['(a "\t")', '\t strings have control characters as escapes alone'],
    ['(a é)', 'é this character may stand only in strings and comments'],
    ['(a 🙂)', '🙂 this character may stand only in strings and comments'],
    ['(@)', '(@ an annotation needs a name'],
  ])('is told of %j', (source, fault) => {
    expect(faults(source)).toContain(fault);
  });

  it('leaves the functions behind a missing parenthesis as they are', () => {
    const source = `(module
  (func $a (param i32)
    (drop (local.get 0))
  (func $b
    (nop))
  (func $c (nop)))`;
    expect(drawn(source)).toEqual([
      [
        'module',
        ['func', 'identifier $a', ['param', 'i32'], ['drop', ['local.get', 'number 0']]],
        ['func', 'identifier $b', ['nop']],
        ['func', 'identifier $c', ['nop']],
      ],
    ]);
    expect(readSyntax(source).faults).toEqual([
      {
        start: source.indexOf('(func $a'),
        end: source.indexOf('(func $a') + 1,
        message: 'this parenthesis is not closed',
      },
    ]);
  });

  it('ends a string with its line, and the function with the next one', () => {
    const source = `(module\n  (import "a" "b (func))\n  (func $b))`;
    expect(drawn(source)).toEqual([
      ['module', ['import', 'string "a"', 'string "b (func))'], ['func', 'identifier $b']],
    ]);
  });

  it('is told in time by the length of the text, however deep it nests', () => {
    const deep = '(block '.repeat(200_000);
    expect(readSyntax(deep).faults).toHaveLength(200_000);
    expect(readSyntax(`${deep}${')'.repeat(200_000)}`).faults).toEqual([]);
  });
});

it('of any characters has nodes inside each other, in order, and within the text', () => {
  const pieces = [
    '(',
    ')',
    '(;',
    ';)',
    ';;',
    '"',
    '\\',
    '\n',
    ' ',
    '$',
    '@',
    'func',
    'module',
    '(func',
    '0x1',
    'é',
    '🙂',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 40 }), (parts) => {
      const source = parts.join('');
      const syntax = readSyntax(source);
      for (const node of nodesOf(syntax)) {
        expect(node.start).toBeLessThan(node.end);
        expect(node.end).toBeLessThanOrEqual(source.length);
        if (node.kind !== 'list') continue;
        let last = node.start;
        for (const { start, end } of node.items) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeLessThanOrEqual(node.end);
          last = end;
        }
      }
    }),
    { numRuns: 2000 },
  );
});
