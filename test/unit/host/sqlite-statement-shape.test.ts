import { expect, test } from 'vitest';
import { shapeOf, triggersOf } from '../../../runtime/host/sqlite/statement-shape.ts';

const NOTHING = { views: [], triggers: [], hasForeignKeys: false };

test('a statement with thousands of scopes in each other is not looked through for each table', () => {
  expect(shapeOf(`${'with '.repeat(8000)}select 1 from ${'x,'.repeat(8000)}y`, NOTHING)).toBeNull();
});

test('thousands of views that use each other are not followed', () => {
  const views = Array.from({ length: 5000 }, (_, i) => ({
    name: `v${i}`,
    sql: `create view v${i} as select * from v${i + 1}`,
  }));
  expect(shapeOf('select * from v0', { ...NOTHING, views })).toBeNull();
});

test('triggers count for the tables that their definitions name', () => {
  const triggers = triggersOf([
    'create trigger "on" after update of a, b on main.[t] begin update u set a = 1; end',
    "create trigger q after insert on 'U' begin select 1, 2, 3, 4, 5, 6, 7, 8, 9; end",
    'create trigger p after insert on w begin select 1; end',
  ]);
  expect(triggers.map(({ table }) => table)).toEqual(['t', 'u', 'w']);
  const tokens = (table: string) => shapeOf(`delete from ${table}`, { ...NOTHING, triggers })?.tokens ?? 0;
  expect(tokens('x')).toBe(3);
  expect(tokens('w')).toBeGreaterThan(3);
  expect(tokens('u')).toBeGreaterThan(tokens('w'));
  expect(tokens('t')).toBeGreaterThan(tokens('u'));
});
