import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parameterNames } from '../../../runtime/host/sqlite/parameter-names.ts';

const database = new DatabaseSync(':memory:', {
  allowBareNamedParameters: false,
  enableDoubleQuotedStringLiterals: true,
});

test.each([
  ['SELECT 1', []],
  ['SELECT ?, ?', [null, null]],
  ['SELECT ?2, ?', [null, null, null]],
  ['SELECT ?3', [null, null, null]],
  ['SELECT ?0002', [null, null]],
  ['SELECT :a, :b, :a, ?', [':a', ':b', null]],
  ['SELECT ?1, :a, ?1, @a, $a', [null, ':a', '@a', '$a']],
  ["SELECT ':a', \"?\", `$x`, [@y], '''?', :z FROM (SELECT 1 AS [$x], 2 AS [@y])", [':z']],
  ['SELECT /* ? :a */ 1 -- ?\n, :b /* ?', [':b']],
  ['SELECT a$b FROM (SELECT ? AS a$b)', [null]],
  ['SELECT $a::b, $c(d), $::e', ['$a::b', '$c(d)', '$::e']],
  ["SELECT x'00', 1e5, 0x1F, 1.5, .5, :ü", [':ü']],
  ['SELECT 1-?--?', [null]],
  ['SELECT 4/?/2', [null]],
  ['SELECT :𝒳, @1a', [':𝒳', '@1a']],
])('the parameters of %s', (sql, names) => {
  expect(parameterNames(sql).slice(1)).toEqual(names);
  expect(bindsAll(sql)).toBe(true);
});

/** Whether SQLite has exactly these parameters: it takes a value for each, and none more. */
function bindsAll(sql: string): boolean {
  const names = parameterNames(database.prepare(sql).sourceSQL).slice(1);
  const named: Record<string, SQLInputValue> = {};
  const places: SQLInputValue[] = [];
  for (const name of names) {
    if (name === null) places.push(1);
    else named[name] = 1;
  }
  return takes(sql, named, places) && !takes(sql, named, [...places, 1]);
}

/** Whether a statement takes these values. How it fares with them does not matter. */
function takes(sql: string, named: Record<string, SQLInputValue>, places: SQLInputValue[]): boolean {
  try {
    database.prepare(sql).all(named, ...places);
    return true;
  } catch (error) {
    const { message } = error as Error;
    return !/column index out of range|Unknown named parameter/.test(message);
  }
}

describe('whatever a statement is made of', () => {
  const piece = fc.constantFrom(
    '?',
    '?1',
    '?7',
    ':a',
    '@a',
    '$a',
    ':a_1',
    '$a::b',
    '$a::b(c)',
    ':ä',
    "'?'",
    "''",
    "':a'''",
    '"?"',
    '[?]',
    '`:b`',
    '1',
    '1.',
    '.5',
    '1e3',
    '0x1f',
    "x'00'",
    'a$b',
    'NULL',
    '/*?*/',
    '/**/',
    '--?\n',
    '-',
    '+',
    '/',
    '*',
    '(',
    ')',
    '||',
    ' ',
    ',',
    '<>',
    '->',
    ';',
    '\u{1d4b3}',
  );

  test('SQLite has the parameters that are found, if it accepts the statement', () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const sql = `SELECT ${pieces.join('')} FROM (SELECT 1 AS a$b)`;
        try {
          database.prepare(sql).columns();
        } catch {
          return;
        }
        accepted++;
        expect(bindsAll(sql), sql).toBe(true);
      }),
      { numRuns: 20_000 },
    );
    expect(accepted).toBeGreaterThan(50);
  });

  test('finding them ends, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 40 }), (sql) => {
        for (const name of parameterNames(sql).slice(1)) {
          if (name !== null) expect(sql).toContain(name);
        }
      }),
    );
  });

  test('finding them takes a time that grows with the text', () => {
    for (const text of [
      '$a::'.repeat(100_000),
      '$a('.repeat(100_000),
      "'".repeat(300_001),
      '/*'.repeat(150_000),
    ]) {
      expect(parameterNames(text).length).toBeLessThan(200_000);
    }
  });
});
