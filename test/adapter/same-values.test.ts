/** What is typed into a watch and what stands in a condition or a log message mean the same, and the same in a core dump. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { buildAssemblyScript } from '../../scripts/build-guests.mjs';
import { projectFolder } from '../support/command.ts';
import { AdapterClient, testFolder } from './adapter-client.ts';
import { openedDump, type Stopped, stoppedAt, stoppedIn, unpacked } from './value-guests.ts';

// Each evaluates dozens of expressions.
vi.setConfig({ testTimeout: 120_000 });

const folder = join(projectFolder, 'test', 'guests', 'values');

interface Program {
  readonly program: string;
  readonly source: string;
  /** What stands at the end of the line. */
  readonly mark: string;
  readonly sourceFileMap: Readonly<Record<string, string>>;
}

/** Evaluates expressions at a line in a log message and in a watch, and in a watch in a core dump of the process. */
async function allWays({ program, source, mark, sourceFileMap }: Program, expressions: readonly string[]) {
  const client = await AdapterClient.stdio();
  const lines = readFileSync(source, 'utf8').split('\n');
  const line = lines.findIndex((text) => text.endsWith(mark)) + 1;
  await client.configure('', { program, sourceFileMap });
  // A message has a limit, so there are several.
  const logged = expressions.map((expression, i) => ({ line, logMessage: `value ${i} is {${expression}}!` }));
  await client.setBreakpointsRequest({ source: { path: source }, breakpoints: [...logged, { line }] });
  await client.configurationDoneRequest();
  const texts = await Promise.all(
    expressions.map(async (_, i) => {
      const start = `value ${i} is `;
      const { body } = await client.event('output', ({ body }) => body.output.includes(start));
      return /is (.*)!\n?$/.exec(body.output)?.[1];
    }),
  );
  const { threadId = 0 } = (await client.event('stopped')).body;
  const live = stoppedIn(client, threadId);
  const path = join(testFolder(), 'saved.coredump');
  const { process } = await client.custom('lunatic/processOf', { threadId });
  await client.custom('lunatic/saveCoreDump', { process, path });
  const dump = await openedDump(path, { program, sourceFileMap });
  const found: Record<string, { logged: string | undefined; watched: string; dumped: string }> = {};
  for (const [i, expression] of expressions.entries()) {
    const watched = await watchedText(live, expression);
    found[expression] = { logged: texts[i], watched, dumped: await watchedText(dump, expression) };
  }
  return found;
}

async function watchedText({ evaluate }: Stopped, expression: string): Promise<string> {
  return await evaluate(expression, 0, 'watch').then(
    // A text has its quotes there.
    ({ result }) => result.replace(/^"(.*)"$/, '$1'),
    ({ message }: Error) => `{${message}}`,
  );
}

/** @param inDump what has another value in a core dump */
async function check(
  program: Program,
  expected: Readonly<Record<string, string>>,
  inDump: Readonly<Record<string, string>> = {},
): Promise<void> {
  const found = await allWays(program, Object.keys(expected));
  const wanted = Object.entries(expected).map(([expression, value]) => [
    expression,
    { logged: value, watched: value, dumped: inDump[expression] ?? value },
  ]);
  expect(found).toEqual(Object.fromEntries(wanted));
}

const COMMON = {
  'process.id': '1',
  '(process.name == "") == !(process.name != "")': 'true',
  'memory[0] >= 0': 'true',
  '*(i32*)64 == *(i32*)(60 + 4)': 'true',
  '((u8*)64)[0] == memory[64]': 'true',
  '(1 + 2 * 3 - 4) % 2': '1',
  "('a' as u8 | 32) << 1 == 194": 'true',
  '(u8)300': '44',
  '-1 as u8': '255',
  '3.9 as i32': '3',
  '~0 == -1 && !false': 'true',
  'contains("haystack", "st")': 'true',
} as const;

test.each(['values-rust.wasm.gz', 'values-rust-modern.wasm.gz'])('in Rust: %s', async (packed) => {
  const program = unpacked(packed);
  const source = join(folder, 'values.rs');
  await check(
    { program, source, mark: '// here', sourceFileMap: { '/project': folder } },
    {
      ...COMMON,
      tiny: '-5',
      'byte as i8': '-56',
      'byte as char == 200': 'true',
      "letter == 'x'": 'true',
      'string == "owned" && len(string) == 5': 'true',
      string: 'owned',
      'len(slice) + len(vec) + len(text)': '22',
      'slice[2] + array[1]': '23',
      'words[1]': 'two',
      'point.x == (*point).x': 'true',
      'boxed.y + *pointer': '9',
      'tuple.1 * 2': '5',
      'third < 0.34 && pi > 3.14': 'true',
      'values::COUNTER + 1 > 0': 'true',
      '&here == &here': 'true',
      '*(i32*)&here == here.x': 'true',
      // Those of older versions have no length in them.
      ...(packed.includes('modern') ? { 'len(deque) + len(map)': '5' } : {}),
      'len(map) == 1 && len(sorted) + len(set) > 2': 'true',
      'map["many"] + 1': '101',
      'tree[29] == "leaf" && tree[0] == tree[14]': 'true',
      'tree[here.x * 5]': 'leaf',
      'yes ? map["many"] : tiny': '100',
      'yes ? tiny : nowhere': '-5',
      // Enums
      'some == Some(5) && none == None && some != None': 'true',
      'some.is_some() && none.is_none() && good.is_ok()': 'true',
      'no_shape == Shape::Empty && circle == Circle(0.5) && rect == Shape::Rect(3, _)': 'true',
      'good == Ok(1) && bad == Err("went wrong") && bad != Ok': 'true',
      'some_text == Some("text") && some_box == Some(8) && no_text == None': 'true',
      'rect.width + rect.Rect.height': '7',
      'generic.value.Some.0.y': '2',
      // What leads to something, or is around it
      'str_box == "boxed" && arc == "shared" && len(str_box) == 5': 'true',
      'rc + *rc + rc_again': '33',
      'cell + ref_cell + borrowed + *borrowed': '51',
      'mutex[0] + len(mutex) + slice_rc[1]': '17',
      'vec.len() + words.len()': '5',
      'string.is_empty() || text.contains("quote")': 'true',
      'sizeof(Point) + sizeof(values::Shape)': '16',
      // What is no single value
      here: 'Point {x: 3, y: -4}',
      generic: 'Generic {value: Some(Point {x: 1, y: 2})}',
      tuple: "(1, 2.5, 'c')",
      words: '(2) ["one", "two"]',
      bad: 'Err("went wrong")',
      map: '(1) {"many": 100}',
    },
  );
});

test('of what an SDK gives, which stands for something else', async () => {
  const source = join(folder, 'process.rs');
  const program = unpacked('process-rust.wasm');
  await check(
    { program, source, mark: '// here', sourceFileMap: { '/project': folder } },
    {
      'state.count + 1': '4',
      '(*state).last == Some(7)': 'true',
      state: 'Counter {count: 3, last: Some(7)}',
      sup: 'ProcessRef {process: #1 _start}',
      ended: 'Some(#99, which has ended)',
      'sup.process.id': '1',
    },
    // Nobody knows there who has ended.
    { ended: 'Some(#99)' },
  );
});

test('in C', async () => {
  const source = join(folder, 'values.c');
  const program = unpacked('values-c.wasm');
  await check(
    { program, source, mark: '// here', sourceFileMap: { '/project': folder } },
    {
      ...COMMON,
      'tiny + byte': '195',
      '(u8)tiny': '251',
      "letter == 'x'": 'true',
      'pointer->y': '-4',
      '(*pointer).x + pointer.y': '-1',
      '*second + **twice + second[1]': '70',
      'numbers[here.x - 1] + grid[1][2]': '36',
      'len(numbers) + len(text)': '21',
      'first.next->value': '2',
      'first.next->next == 0': 'true',
      '((int*)anything)[0]': '3',
      'text(greeting)': 'hello, world',
      'text(greeting, 5) == "hello"': 'true',
      '(char*)&text == "in an array"': 'true',
      '*(&here.x + 1) == here.y': 'true',
      'color == GREEN || color == RED': 'true',
      'sizeof(numbers) / sizeof(numbers[0])': '5',
      'sizeof(here) + sizeof(*pointer) + sizeof(struct node *) + sizeof(unsigned char)': '21',
      'pointer != 0 && yes ? pointer->y : 0': '-4',
      'pointer != NULL && sizeof(struct node)': 'true',
      'no ? here.nothing : len(numbers)': '5',
      outer: '{inside: 10, left: 20, right: 20, corners: (2) [{x: 1, y: 2}, {x: 3, y: 4}]}',
      "no ? 'a' : letter == 'x' ? 1 : 2": '1',
      'huge == 18446744073709551615': 'true',
    },
  );
});

test('with pointers in C', async () => {
  const source = join(folder, 'pointers.c');
  const program = unpacked('pointers-c.wasm');
  await check(
    { program, source, mark: '// here', sourceFileMap: { '/project': folder } },
    {
      'nothing->x': '{nothing is NULL}',
      'nothing[0].y == 0': '{nothing is NULL}',
      'missing->text[0]': '{missing is NULL}',
      'nothing == 0 || nothing->x > 0': 'true',
      'second + 1 == &numbers[2] && 1 + second == &numbers[2]': 'true',
      '*(second + 1) + *(numbers + 3)': '70',
      '&numbers[3] - second': '2',
      '(first + 1)->x + (&points[2])->y': '9',
      '(*(first + 1)).y': '4',
      '(points + 2 - 1)->x': '3',
      'first == points && untyped == &points[0]': 'true',
      'second - 1 == numbers && *numbers == 10': 'true',
      "*(text + 1) == 'o'": 'true',
      'list->items[2] + (&list->items[1])[0]': '21',
      'header->text == "hi" && header->text[1] == \'i\'': 'true',
      '((point_t*)untyped)->y + ((struct point*)untyped)[1].x': '5',
      '(*((point_t*)untyped + 2)).x': '5',
      '(color_t)6 == BLUE': 'true',
      '((unsigned char)negative) + (unsigned int)negative': '4294967550',
      '(signed char)byte + (wchar_t)65': '9',
      '(number) - 1': '5',
      'text(name)': 'a name',
      '*(int*)name == *(int*)&name': 'true',
      'contains(name, "nam") && contains(text, "some")': 'true',
      'missing_text == "" || missing_text == "x"': 'false',
      letter: "1 '\\001'",
      color: 'GREEN',
      code: 'CODE_321',
      no_code: '3999',
      'code == CODE_321 && code < CODE_LAST && no_code != CODE_399': 'true',
      apply: 'add',
      missing_text: 'NULL',
      nothing: 'NULL',
      name: 'a name',
      'points[1]': '{x: 3, y: 4}',
      points: '(3) [{x: 1, y: 2}, {x: 3, y: 4}, {x: 5, y: 6}]',
      'apply == add && apply != multiply': 'true',
      'wide[1]': "239 'ï'",
      'wide == L"wïde" && wide != L"w"': 'true',
      'wide_pointer == L"more" && short_text == u"sh" && long_text == U"lo"': 'true',
      'contains(wide, "ïd") && len(wide) == 8 && wide[1] == L\'ï\'': 'true',
      'text(wide_pointer) == "more" && text(wide_pointer, 2) == "mo"': 'true',
      wide: 'wïde',
      'number === 6 && header!.length !== 3': 'true',
    },
  );
});

test('in a method of C++, whose object need not be named', async () => {
  const source = join(folder, 'methods.cpp');
  const program = unpacked('methods-cpp.wasm');
  await check(
    { program, source, mark: '// here', sourceFileMap: { '/project': folder } },
    {
      'count + sum': '24',
      'this->count == count': 'true',
      'kind == Vegetable && kind != Kind::Fruit': 'true',
      'size.width * 2': '14',
      'label == "top"': 'true',
      'sum == each * count': 'true',
    },
  );
});

test("in collections of C++'s library", async () => {
  const source = join(folder, 'values.cpp');
  const program = unpacked('values-cpp.wasm.gz');
  await check(
    { program, source, mark: '// here', sourceFileMap: { '/project': folder } },
    {
      'len(numbers) + len(none)': '3',
      'numbers[2] * 2': '6',
      'numbers[1] > numbers[0] && len(words) == 2': 'true',
      'apple.price == 3': 'true',
      'names[2] == "two" && names[3] != names[1]': 'true',
      'counts["many"] * len(names)': '300',
      'brief == "short" && lengthy == "a text that is too long to be kept inside"': 'true',
      'len(empty) + len(lengthy)': '41',
      'words[0]': 'one',
      'sizeof(kind) + sizeof(apple.price)': '5',
      'reference == 3 && reference + 1 == 4': 'true',
      'owned->name == "apple" && no_one == nullptr && shared != 0': 'true',
      '*shared + numbers.size()': '80',
      'sizeof(shop::Item)': '20',
    },
  );
});

test.each([
  ['large-cpp.wasm.gz', 'large.cpp'],
  ['large-rust.wasm.gz', 'large.rs'],
])('the last keys of maps of 30,000 entries: %s', async (packed, name) => {
  const source = join(folder, name);
  const program = unpacked(packed);
  await check(
    { program, source, mark: '// here', sourceFileMap: { '/project': folder } },
    {
      'names[29999] + names[0]': '59998',
      'names[15000]': '30000',
      'len(names)': '30000',
      'counts["29999"]': '89997',
      'counts["0"] + counts["1"]': '3',
    },
  );
});

test.each([
  ['large-cpp.wasm.gz', 'large.cpp'],
  ['large-rust.wasm.gz', 'large.rs'],
])(
  'a watch finds a key among 30,000 at once, and soon tells that one is not there: %s',
  async (packed, name) => {
    const { evaluate } = await stoppedAt(packed, name);
    const timeOf = async (expression: string, value: string) => {
      const start = performance.now();
      expect(await evaluate(expression).then(({ result }) => result, String)).toContain(value);
      return performance.now() - start;
    };
    await timeOf('names[1]', '2');
    expect(await timeOf('names[29999]', '59998')).toBeLessThan(1000);
    expect(await timeOf('counts["29999"]', '89997')).toBeLessThan(1000);
    expect(await timeOf('names[30000]', 'There is no 30000 in names')).toBeLessThan(10_000);
    expect(await timeOf('counts["x"]', 'There is no "x" in counts')).toBeLessThan(10_000);
  },
);

test("of wide characters and atomic numbers in C++'s library", async () => {
  const source = join(folder, 'library.cpp');
  const program = unpacked('library-cpp.wasm.gz');
  await check(
    { program, source, mark: '// here', sourceFileMap: { '/project': folder } },
    {
      'wide == u"wide é" && widest == L"w"': 'true',
      wider: 'a text that is too long to be inside 😀',
      'contains(wider, "inside") && wide != "wide"': 'true',
      "letter == L'é'": 'true',
      letter: "233 'é'",
      'atomic + 1 == 79 && atomic != 0': 'true',
      atomic: '78',
      'text(name)': 'a name',
      'text(name, 1) == "a"': 'true',
    },
  );
});

test('in AssemblyScript', async () => {
  const source = join(folder, 'values.ts');
  const program = join(testFolder(), 'values.wasm');
  await buildAssemblyScript(source, program, { debug: true, sourceMap: true, args: ['--use', 'abort='] });
  await check(
    { program, source, mark: '// here', sourceFileMap: { 'values.ts': source } },
    {
      ...COMMON,
      'count + 1': '13',
      item: 'Item {name: "apple", price: 2.5, small: -3, flag: 1, big: -9000000000, next: null, at: Point {x: 1, y: 2}}',
      'item.next': 'null',
      words: '(2) ["one", "two"]',
      bytes: '(3) [200, 0, 0]',
      ages: '(2) {"two": 2, "three": 3}',
      ids: '(2) {5, 6}',
      '$count * 2': '24',
      'item.price + 1': '3.5',
      'item.small * 2 == -6 && item.flag': 'true',
      'item.big - 1': '-9000000001',
      'item.at.x + cherry.next.at.y': '3',
      'item.next == null && cherry.next != null': 'true',
      name: 'a name',
      'name == "a name"': 'true',
      'item.name == "apple" || name == item.name': 'true',
      'contains(cherry.name, "err")': 'true',
      'name.length + len(item.name)': '11',
      'numbers.length * numbers[2]': '90',
      'numbers[numbers.length - 1]': '30',
      'words[1]': 'two',
      'words[0] != words[1]': 'true',
      'floats[0] + doubles[1]': '3',
      'fixed[1]': '7',
      'bytes[0] + len(bytes)': '203',
      'points[1].x > points[0].x': 'true',
      'ages["two"] + ages.size': '4',
      'ages["three"]': '3',
      'ages.size > 2 ? item.name : name': 'a name',
      'item.next == null ? count : item.next.price': '12',
      'item.next != null && item.next.price > 3 || cherry.next != null && cherry.next.price > 2': 'true',
      'len(ids)': '2',
      'total + 1': '9',
      'Shop.open': '6',
      'Shop.open * 2 + Shop.best.at.x': '13',
      'Shop.best.name': 'apple',
      'cherry.color as i8': '-56',
      '(f64)count / 5': '2.4',
    },
  );
});

const WAT = `(module
  (memory (export "memory") 1)
  (data (i32.const 128) "a name\\00")
  (global $total (mut i32) (i32.const 5))
  (func $price (param $count i32) (local $sum i32) (local $half f64) (local $big i64) (local $all i32) (local $name i32)
      (local $tenth f32)
    (local.set $tenth (f32.const 0.1))
    (local.set $sum (i32.mul (local.get $count) (i32.const 3)))
    (local.set $half (f64.const 0.5))
    (local.set $big (i64.const -9000000000))
    (local.set $all (i32.const -1))
    (local.set $name (i32.const 128))
    (drop (local.get $sum)) ;; here
  )
  (func (export "_start") (call $price (i32.const 3))))`;

test('in the text of WebAssembly, where names keep their sign', async () => {
  const program = join(testFolder(), 'program.wat');
  writeFileSync(program, WAT);
  await check(
    { program, source: program, mark: ';; here', sourceFileMap: {} },
    {
      ...COMMON,
      '$sum == $count * 3': 'true',
      'sum + $total': '14',
      'local 0 == $count && global 0 == $total': 'true',
      '(u8)$sum': '9',
      '$sum as f32 / 2': '4.5',
      '*(i32*)0 == memory[0] | memory[1] << 8 | memory[2] << 16 | memory[3] << 24': 'true',
      'text(0, 0) == ""': 'true',
      'len(memory)': '65536',
      '$total == 5': 'true',
      '($half + 1) * 2': '3',
      '$tenth == 0.1 && $tenth < 0.2': 'true',
      '$big - 1 < -9000000000': 'true',
      '$all == 0xffffffff': 'true',
      'text($name) == "a name" && text($name, 1) == "a"': 'true',
    },
  );
});
