import { expect, test } from 'vitest';
import { compileExpression, parseExpression, valueText } from '../../../runtime/expressions/index.ts';
import type { CallContext } from '../../../runtime/inspect/call-context.ts';
import type { Holder } from '../../../runtime/inspect/holding.ts';
import { ProcessCall } from '../../../runtime/inspect/process-call.ts';
import type { MapEntries, ValueType } from '../../../runtime/inspect/protocol.ts';
import { SiteBreakpoint } from '../../../runtime/inspect/site-breakpoint.ts';
import { typedCode } from '../../../runtime/inspect/typed-code.ts';

const HOLDER = {} as Holder;
const I32: ValueType = { kind: 'integer', bytes: 4, isSigned: true };
const NO_BYTES = { keyBytes: 0, valueBytes: 0 };

type Form<Entries> = Entries extends unknown ? Omit<Entries, 'keyAt' | 'valueAt'> : never;

function mapOfItself(form: Form<MapEntries>): ValueType {
  const entries = { ...form, keyAt: 8, valueAt: -16 } as MapEntries;
  return { kind: 'map', name: 'Map', length: 4, key: 1, value: 0, entries };
}

/**
 * Counts how often the memory is looked at. The list at 0 is its own first element. A map there has one node, at 16, whose key is 0
 * and whose value is the map. The pointer at 32 leads to itself.
 */
class Counting extends ProcessCall {
  looks = 0;
  readonly #memory = new DataView(new ArrayBuffer(64));

  constructor() {
    super();
    this.#memory.setUint32(4, 1, true);
    this.#memory.setUint32(8, 16, true);
    this.#memory.setUint32(32, 32, true);
  }

  override get memory(): DataView {
    this.looks++;
    return this.#memory;
  }
}

test.each([
  ['lists', { kind: 'list', name: 'Vec', start: 0, count: 4, of: 0, isText: false, bytes: 8 }],
  ['arrays', { kind: 'array', of: 0, count: 1 }],
  ['pointers', { kind: 'pointer', to: 0 }],
  ['tables', mapOfItself({ form: 'table', control: 8, mask: 12, stride: 0 })],
  ['b-trees', mapOfItself({ form: 'b-tree', root: 8, height: 12, count: -12, edges: 0, ...NO_BYTES })],
  ['trees', mapOfItself({ form: 'tree', root: 8, left: 4, right: 4 })],
  ['chains', mapOfItself({ form: 'chain', first: 8, next: 4 })],
] as const)('an element in eight %s takes as many looks at each of them as one', (_, type: ValueType) => {
  const looksFor = (levels: number) => {
    const types: ValueType[] = [type, I32];
    const scope = { find: () => typedCode(types, 0, () => (type.kind === 'pointer' ? 32 : 0)) };
    const code = compileExpression<CallContext>(parseExpression(`v${'[0]'.repeat(levels)}`), scope);
    const context = new Counting();
    code.address?.(context);
    return context.looks;
  };
  expect(looksFor(8)).toBeLessThanOrEqual(8 * Math.max(1, looksFor(1)));
});

test('a text of wide characters is read as one, though nothing else is known of them', () => {
  const text = { kind: 'list', name: 'basic_string', start: 0, count: 4, of: 1, isText: true } as const;
  const memory = new DataView(new ArrayBuffer(32));
  memory.setUint32(0, 8, true);
  memory.setUint32(4, 3, true);
  for (const [i, code] of [0x61, 0xd83d, 0xde00].entries()) memory.setUint16(8 + 2 * i, code, true);
  const code = typedCode([{ ...text, characterBytes: 2 }], 0, () => 0);
  expect(valueText(code, Object.create(new Counting(), { memory: { value: memory } }))).toBe('a😀');
});

/** The map is at 16, and its node as well, in which all leads to itself; it has as many entries as can be. */
const endless = new DataView(new ArrayBuffer(2 ** 17));
endless.setUint32(16, 16, true);
endless.setUint32(20, 0xffff_ffff, true);
endless.setUint32(24, 4, true);
for (let edge = 0; edge < 12; edge++) endless.setUint32(48 + 4 * edge, 16, true);

class Endless extends ProcessCall {
  override get memory(): DataView {
    return endless;
  }
}

const ENDLESS: readonly (readonly [string, Form<MapEntries>])[] = [
  ['table', { form: 'table', control: 0, mask: 4, stride: 0 }],
  ['b-tree', { form: 'b-tree', root: 0, height: 8, count: 4, edges: 32, ...NO_BYTES }],
  ['tree', { form: 'tree', root: 0, left: 12, right: 0 }],
  ['chain', { form: 'chain', first: 0, next: 0 }],
];

function endlessScope(form: Form<MapEntries>) {
  const entries = { ...form, keyAt: 12, valueAt: 12 } as MapEntries;
  const types: ValueType[] = [{ kind: 'map', name: 'Map', length: 4, key: 1, value: 1, entries }, I32];
  return { find: () => typedCode(types, 0, () => 16) };
}

test.each(ENDLESS)('of a %s that leads to itself for ever, 50,000 entries are looked at', (_, form) => {
  const code = compileExpression<CallContext>(parseExpression('map[7]'), endlessScope(form));
  let message = '';
  try {
    code.value?.(new Endless());
  } catch (error) {
    message = String(error);
  }
  const [, looked] = /there is no 7 among the (\d+) entries that were looked at$/.exec(message) ?? [];
  expect(Number(looked), message).toBeGreaterThanOrEqual(50_000);
  expect(Number(looked), message).toBeLessThanOrEqual(100_000);
});

test.each(ENDLESS)('a hundred keys that a %s does not have take not much longer than one', (_, form) => {
  const timeFor = (keys: number) => {
    const log = '{map[7]}'.repeat(keys);
    const breakpoint = new SiteBreakpoint(HOLDER, { log }, endlessScope(form), { count: 0 });
    const context = new Endless();
    const start = performance.now();
    expect(breakpoint.line(context)).toMatch(/^\{there is no 7 among/);
    return performance.now() - start;
  };
  timeFor(1);
  expect(timeFor(100)).toBeLessThan(5 * Math.max(20, timeFor(1)));
});

test('a tree whose left nodes lead to themselves ends where no tree has more levels', () => {
  const scope = endlessScope({ form: 'tree', root: 0, left: 0, right: 12 });
  const code = compileExpression<CallContext>(parseExpression('map[7]'), scope);
  expect(() => code.value?.(new Endless())).toThrow('there is no 7 among the 0 entries that were looked at');
});

/** An array, a reference to it, and pointers to characters, the second of which is NULL. */
const MEMORY = new DataView(new ArrayBuffer(64));
for (const [i, value] of [10, 20, 30].entries()) MEMORY.setInt32(8 + 4 * i, value, true);
new Uint8Array(MEMORY.buffer).set(Buffer.from('hello'), 24);
for (const [at, address] of [
  [40, 8],
  [44, 24],
  [48, 24],
] as const)
  MEMORY.setUint32(at, address, true);

class FilledContext extends ProcessCall {
  override get memory(): DataView {
    return MEMORY;
  }
}

const NAMES: Readonly<Record<string, readonly [type: number, at: number]>> = {
  ...{ array: [1, 8], numbers: [2, 40], letters: [5, 44], p: [6, 48], null_p: [6, 52] },
};
const TYPES: readonly ValueType[] = [
  { kind: 'integer', bytes: 4, isSigned: true },
  { kind: 'array', of: 0, count: 3 },
  { kind: 'pointer', to: 1, isReference: true },
  { kind: 'integer', bytes: 1, isSigned: true, isCharacter: true },
  { kind: 'array', of: 3, count: 5 },
  { kind: 'pointer', to: 4, isReference: true },
  { kind: 'pointer', to: 3 },
];

test.each([
  ['numbers[1] + *(numbers + 2)', '50'],
  ['(*numbers)[2]', '30'],
  ['&numbers[1] == numbers + 1 && numbers == array', 'true'],
  ['letters == "hello" && contains(letters, "ell")', 'true'],
  ['text(letters, 4)', 'hell'],
  ['*letters', 'hello'],
  ['p == "hello" && null_p != "hello" && null_p == 0 && array != 0', 'true'],
  ['null_p == "" || null_p == "NULL"', 'false'],
  ['contains(null_p, "NULL")', 'the pointer is NULL'],
  ['p != 0 ? null_p : "none"', 'the pointer is NULL'],
  ['array == 10', 'a [i32; 3] is no single value'],
])('references to arrays are those, and NULL is no text: %s is %s', (text, value) => {
  const find = (name: string) => {
    const [type, at] = NAMES[name] ?? [];
    return type === undefined || at === undefined ? undefined : typedCode(TYPES, type, () => at);
  };
  const evaluate = () => {
    const code = compileExpression<CallContext>(parseExpression(text), { find });
    return valueText(code, new FilledContext());
  };
  let found: string;
  try {
    found = evaluate();
  } catch (error) {
    found = (error as Error).message;
  }
  expect(found).toBe(value);
});
