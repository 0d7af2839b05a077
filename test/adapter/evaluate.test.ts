import { describe, expect, test } from 'vitest';
import { type Stopped, stoppedAt } from './value-guests.ts';

/** Evaluates many expressions: what each gives, or how it fails. */
async function results({ evaluate }: Stopped, expressions: readonly string[], depth = 0) {
  const found: Record<string, string> = {};
  for (const expression of expressions) {
    found[expression] = await evaluate(expression, depth).then(
      ({ result, type }) => `${result}: ${type}`.replace(/0x[\da-f]{4,}/g, '0x…'),
      (error: Error) => error.message,
    );
  }
  return found;
}

const C: Readonly<Record<string, string>> = {
  count: '18: int',
  'here.x': '3: int',
  'pointer->y': '-4: int',
  'pointer.y': '-4: int',
  '*pointer': '{x: 3, y: -4}: point',
  '(*pointer).x': '3: int',
  'numbers[2]': '30: int',
  'numbers[here.x - 1]': '30: int',
  'grid[1][2]': '6: int',
  'second[1]': '30: int',
  '**twice': '20: int',
  'first.next->value': '2: int',
  'outer.corners[1].y': '4: int',
  'outer.inside': '10: int',
  'flags.level': '-3: int',
  counter: '21: int',
  'counter + here.x * 2': '27: integer',
  'pi > 3 && !no': 'true: bool',
  'tiny == -5': 'true: bool',
  'huge == 18446744073709551615': 'true: bool',
  'big - 1': '-9000000000000000001: integer',
  'color == GREEN': 'true: bool',
  "letter == 'x'": 'true: bool',
  'name == "a name"': 'true: bool',
  'text == "in an array"': 'true: bool',
  'nothing == 0': 'true: bool',
  '(u8)tiny': '251: u8',
  'len(numbers)': '5: integer',
  'len(text)': '16: integer',
  '&here == pointer': 'true: bool',
  '$0 + 1': '13: integer',
  nobody: 'There is no nobody here',
  'here.z': 'There is no z in here',
  'numbers[5]': 'There is no element 5 in numbers',
  'here + 1': 'A point is no single value',
  '*nothing': 'nothing is NULL',
  'here.': expect.stringContaining('ends too soon'),
};

const RUST: Readonly<Record<string, string>> = {
  count: '12: u32',
  'point.x': '100: i32',
  'boxed.y': '6: i32',
  'words[1]': '"two": String',
  'words[1] == "two"': 'true: bool',
  'text == "owned"': 'false: bool',
  'string == "owned"': 'true: bool',
  'vec[0] + vec[2]': '4: integer',
  'deque[3]': '5: i32',
  'rest[2]': '9: i16',
  'len(vec)': '3: integer',
  'len(string)': '5: integer',
  'len(map)': '1: integer',
  'rect.height': '4: u16',
  'generic.value': 'Some(Point {x: 1, y: 2}): Option<Point>',
  'some.0 == 5': 'true: bool',
  'tuple.1 * 2': '5: f64',
  '*boxed': 'Point {x: 5, y: 6}: Point',
  '*rc': '11: i32',
  'animal.lives': '9: u8',
  "umlaut == 'ß'": 'true: bool',
  yes: 'true: bool',
  COUNTER: '6: u32',
  'values::COUNTER + 1': '7: integer',
  huge: '340282366920938463463374607431768211455: u128',
  'huge > 0': 'true: bool',
};

describe('expressions in a watch, a hover and the console', () => {
  test('of C', async () => {
    const guest = await stoppedAt('values-c.wasm', 'values.c');
    expect(await results(guest, Object.keys(C))).toEqual(C);
    // In the call around.
    expect(await results(guest, ['corner.y', 'rest[3]', 'count'], 1)).toEqual({
      'corner.y': '200: int',
      'rest[3]': '10: int',
      count: 'There is no count here',
    });
  });

  test('of Rust', async () => {
    const guest = await stoppedAt('values-rust-modern.wasm.gz', 'values.rs');
    expect(await results(guest, Object.keys(RUST))).toEqual(RUST);
  });

  test('what is shown tells the expression that means it', async () => {
    const guest = await stoppedAt('values-c.wasm', 'values.c');
    const { scope, inside, evaluate } = guest;
    const locals = await scope('Locals');
    const visit = async (name: string, path: string[]) => {
      let variable = locals.get(name);
      for (const part of path) variable = (await inside(variable)).get(part);
      expect((await evaluate(variable.evaluateName ?? '')).result).toBe(variable.value);
      return variable.evaluateName;
    };
    expect(await visit('outer', ['corners', '[1]', 'y'])).toBe('outer.corners[1].y');
    expect(await visit('second', ['*'])).toBe('*second');
    expect(await visit('twice', ['*', '*'])).toBe('**twice');
    expect(await visit('first', ['next', 'value'])).toBe('first.next.value');
    expect(await visit('grid', ['[1]', '[0]'])).toBe('grid[1][0]');
  });

  test('what they name is opened, and set', async () => {
    const { client, threadId, evaluate, inside } = await stoppedAt('values-c.wasm', 'values.c');
    const { result, ...opened } = await evaluate('outer.corners');
    expect(opened).toMatchObject({ type: 'point[2]', indexedVariables: 2 });
    expect((await inside({ ...opened, name: '', value: result })).names).toEqual(['[0]', '[1]']);
    const [frame] = (await client.stackTraceRequest({ threadId })).body.stackFrames;
    const set = async (expression: string, value: string) =>
      (await client.customRequest('setExpression', { expression, value, frameId: frame?.id })).body.value;
    expect(await set('outer.corners[1].y', '-7')).toBe('-7');
    expect(await set('*pointer', '1').catch((error: Error) => error.message)).toBe(
      '*pointer cannot be set as a whole',
    );
    expect(await set('here.x + 1', '1').catch((error: Error) => error.message)).toBe(
      'here.x + 1 is no variable, and cannot be set',
    );
    expect((await evaluate('outer.corners[1]')).result).toBe('{x: 3, y: -7}');
  });

  test('the commands of the console stay', async () => {
    const { evaluate } = await stoppedAt('values-c.wasm', 'values.c');
    expect((await evaluate('numbers[1]', 0, 'repl')).result).toBe('20');
    expect((await evaluate('processes', 0, 'repl')).result).toContain('_start');
    expect((await evaluate('numbers[1]', 0, 'hover')).result).toBe('20');
    await expect(evaluate('procesess', 0, 'repl')).rejects.toThrow('There is no procesess here');
  });
});
