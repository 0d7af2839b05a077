import { expect, test } from 'vitest';
import { stoppedAt } from './value-guests.ts';

/** Addresses are those of one compiler. */
const withoutAddresses = (table: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(table).map(([name, text]) => [name, text.replace(/0x[\da-f]+/g, '0x…')]));

const stopped = () => stoppedAt('values-cpp.wasm.gz', 'values.cpp');

/** Of the variables: value and type. */
const LOCALS: Readonly<Record<string, string>> = {
  name: '"a name": const std::string &',
  apple: '{Item: {name: "apple", price: 3}, kind: Fruit}: shop::Apple &',
  box: '{id: 5}: shop::Box &&',
  brief: '"short": std::string',
  lengthy: '"a text that is too long to be kept inside": std::string',
  empty: '"": std::string',
  view: '"a view": std::string_view',
  numbers: '(3) [1, 2, 3]: std::vector<int>',
  words: '(2) ["one", "two"]: std::vector<std::string>',
  bits: '(3) [true, false, true]: std::vector<bool>',
  none: '(0) []: std::vector<int>',
  few: '(3) [7, 8, 9]: std::array<short, 3UL>',
  names: '(3) {1: "one", 2: "two", 3: "three"}: std::map<int, std::string>',
  unique: '(3) {3, 4, 5}: std::set<int>',
  counts: '(1) {"many": 100}: std::unordered_map<std::string, int>',
  list: '(2) [1, 2]: std::list<int>',
  queue: '(3) [4, 5, 6]: std::deque<int>',
  owned: '0x… shop::Apple {Item: {name: "apple", price: 9}, kind: Fruit}: std::unique_ptr<shop::Item>',
  no_one: 'nullptr: std::unique_ptr<int>',
  shared: '0x… → 77: std::shared_ptr<int>',
  some: '5: std::optional<int>',
  nothing: 'nullopt: std::optional<int>',
  pair: "(1, 98 'b'): std::pair<int, char>",
  tuple: '(1, true, 2.5): std::tuple<int, bool, double>',
  halves: '{first: 0.5, second: 1.5}: Pair<float>',
  kind: 'Vegetable: shop::Kind',
  value: '3: int',
  reference: '3: int &',
  wide: "233 'é': wchar_t",
  rune: "223 'ß': char32_t",
  closure: '{value: 3, numbers: (3) [1, 2, 3]}: (anonymous class)',
};

test('parameters, locals and statics, with values as C++ means them', async () => {
  const { scope } = await stopped();
  const { table } = await scope('Locals');
  expect(withoutAddresses(table)).toEqual(LOCALS);
  expect((await scope('Statics')).table).toMatchObject({
    made: '5: int',
    total: expect.stringMatching(/^\d+: int$/),
  });
});

test('what has parts is opened, evaluated and set', async () => {
  const { client, scope, inside, evaluate } = await stopped();
  const locals = await scope('Locals');
  const open = async (...path: string[]) => {
    let variables = locals;
    for (const name of path) variables = await inside(variables.get(name));
    return variables;
  };
  expect((await open('words')).values).toMatchObject({ '[0]': '"one"', '[1]': '"two"' });
  expect((await open('names')).values).toMatchObject({ '[1]': '"one"', '[3]': '"three"' });
  expect((await open('counts')).values).toMatchObject({ '["many"]': '100' });
  expect((await open('owned', 'Item')).values).toMatchObject({ name: '"apple"', price: '9' });
  expect((await open('shared')).values).toMatchObject({ '*': '77', '(shared)': '1', '(weak)': '0' });
  expect((await open('apple', 'Item')).values).toEqual({ name: '"apple"', price: '3' });
  expect((await open('numbers', '[raw]')).names).toContain('__begin_');
  const found = [
    'numbers[1]',
    'apple.price',
    'owned.price',
    'words[1] == "two"',
    'len(names)',
    'list[1]',
    'reference + 1',
    'names[3]',
    'counts["many"]',
    'sizeof(Item) == sizeof(shop::Item) && sizeof(shop::Box) == 4',
    'reference == 3 ? none : numbers',
  ];
  const results = await Promise.all(found.map(async (text) => (await evaluate(text)).result));
  expect(results).toEqual(['2', '3', '9', 'true', '3', '2', '4', '"three"', '100', 'true', '(0) []']);
  await expect(evaluate('names[4]')).rejects.toThrow('There is no 4 in names');
  // What a watch has got of an entry can be watched itself.
  const { evaluateName } = (await open('counts')).get('["many"]');
  expect(evaluateName).toBe('counts["many"]');
  const numbers = await open('numbers');
  const set = { variablesReference: numbers.reference, name: '[1]', value: '22' };
  expect((await client.setVariableRequest(set)).body.value).toBe('22');
  expect((await scope('Locals')).values).toMatchObject({ numbers: '(3) [1, 22, 3]' });
  // The entries of a map are found by their keys, wherever they are.
  const { reference } = await open('names');
  const setName = (name: string) =>
    client.setVariableRequest({ variablesReference: reference, name, value: '1' });
  await expect(setName('[3]')).rejects.toThrow('[3] cannot be set as a whole');
  await expect(setName('[4]')).rejects.toThrow('There is no variable [4]');
});

/** What the library builds of other values. */
const LIBRARY: Readonly<Record<string, unknown>> = {
  text: '"text": std::variant<int, std::string, Point>',
  point: '{x: 1, y: 2.5}: std::variant<int, std::string, Point>',
  number: '7: std::variant<int, std::string>',
  closure: expect.stringMatching(/^\(lambda at library\.cpp:\d+:39\): std::function<int \(int\)>$/),
  plain: 'twice: std::function<int (int)>',
  none: 'empty: std::function<int (int)>',
  pointer: 'twice: int (*)(int)',
  bits: '1010100101: std::bitset<10UL>',
  complex: '(1, -2): std::complex<double>',
  stack: '(1) [4]: std::stack<int, std::deque<int>>',
  queue: '(1) ["head"]: std::queue<std::string, std::deque<std::string>>',
  heap: '(2) [9, 3]: std::priority_queue<int, std::vector<int>>',
  wait: '1500ms: std::chrono::milliseconds',
  hours: '-2h: std::chrono::hours',
  wide: '"wide é": std::u16string',
  wider: '"a text that is too long to be inside 😀": std::u32string',
  widest: '"w": std::wstring',
  view: '"view": std::u16string_view',
  letter: "233 'é': wchar_t",
  numbers: '(2) [(3) [1, 2, 3], (3) [4, 5, 6]]: int[2][3]',
  precise: '-1.25: long double',
  atomic: '78: std::atomic<int>',
  forward: '(3) [4, 5, 6]: std::forward_list<int>',
  span: '(3) [4, 5, 6]: std::span<int, 4294967295UL>',
  shared: '0x… → 8: std::shared_ptr<int>',
  weak: '0x… → 8: std::weak_ptr<int>',
  nothing: 'nullptr: std::nullptr_t',
  ages: '(2) {"one": 1, "two": 2}: std::map<std::string, int>',
  points: '(1) {7: {x: 1, y: 2.5}}: std::unordered_map<int, Point>',
  set: '(1) {3}: std::set<int>',
  deque: '(2) [1, 2]: std::deque<int>',
  entry: '("two", 2): std::map<std::string, int>::iterator',
  end: 'end: std::map<std::string, int>::iterator',
  place: '(7, {x: 1, y: 2.5}): std::unordered_map<int, Point>::iterator',
  away: 'end: std::unordered_map<int, Point>::iterator',
  member: '3: std::set<int>::iterator',
  second: '0x… → 2: std::__deque_iterator<int, int *, int &, int **, long, 0L>',
  name: '"a name": char[8]',
  nothing_held: 'empty: std::any',
  small: '5: std::any',
  held: '"held": std::any',
  large: '{numbers: (8) [1, 0, 0, 0, 0, 0, …]}: std::any',
  list: '(2) [{x: 1, y: 2}, {x: 3, y: 4}]: std::list<Point>',
  link: '{x: 1, y: 2}: std::list<Point>::iterator',
  list_end: 'end: std::list<Point>::iterator',
  vector: '(3) [1, 2, 3]: std::vector<int>',
  backwards: '0x… → 3: std::vector<int>::reverse_iterator',
  flags: '(2) [false, true]: std::vector<bool>',
  flag: 'true: std::vector<bool>::reference',
  date: '2017-07-14T02:40:00.25Z: std::chrono::system_clock::time_point',
  since: '1.5s: std::chrono::steady_clock::time_point',
  day: '2024-02-29: std::chrono::year_month_day',
  no_tuple: '(): std::tuple<>',
  no_array: '(0) []: std::array<int, 0UL>',
  valarray: '(2) [1, 2]: std::valarray<int>',
  out: '"text 5": std::ostringstream',
  in: '"in put": std::istringstream',
  member_pointer: '&Point::x: int Point::*',
  method: 'Diamond::sum: int (Diamond::*)(int)',
  virtual_method: 'virtual function 2 of Diamond: int (Diamond::*)()',
  no_method: 'nullptr: int (Diamond::*)()',
  function: 'twice: int (&)(int)',
  // Its base is where the vtable says.
  diamond: '{Left: {Root: {root: 1}, left: 2}, Right: {Root: {root: 1}, right: 3}, both: 4}: Diamond',
  root: '0x… Diamond {Left: {Root: {…}, left: 2}, Right: {Root: {…}, right: 3}, both: 4}: Root *',
  failure: '{runtime_error: std::runtime_error "it failed", code: 7}: Failure',
  exception: 'Failure {runtime_error: std::runtime_error "it failed", code: 7}: std::exception &',
  range: expect.stringContaining('std::out_of_range "too far"'),
  length: '3: int',
};

test.each([
  // Clang 14 says of the array alone where it is while it is made.
  ['library', { variable: 'optimised away: int[3]' }, ['of_thread']],
  ['library-modern', { variable: '(3) [0, 10, 20]: int[3]' }, []],
])('what the library builds of other values, as it is meant: %s', async (program, own, statics) => {
  const { client, scope, inside, evaluate } = await stoppedAt(`${program}-cpp.wasm.gz`, 'library.cpp');
  const locals = await scope('Locals');
  expect(withoutAddresses(locals.table)).toEqual({ ...LIBRARY, ...own });
  const shared = await inside(locals.get('shared'));
  expect(shared.values).toMatchObject({ '(shared)': '1', '(weak)': '1' });
  expect((await inside(locals.get('entry'))).values).toMatchObject({ first: '"two"', second: '2' });
  const expressions = {
    ...{
      'entry->second + 1': '3',
      'entry.first == "two"': 'true',
      'place->second.y': '2.5',
      '*member': '3',
    },
    ...{ '*second': '2', 'forward[1]': '5', 'span[2]': '6', 'atomic + 1': '79' },
    ...{
      'link->y': '2',
      '*backwards': '3',
      'valarray[1]': '2',
      'diamond.root + root->root': '2',
      'small + 1': '6',
    },
    ...{ 'exception.code': '7' },
    ...{ 'text(name)': '"a name"', 'text(name, 1)': '"a"' },
  };
  for (const [text, result] of Object.entries(expressions))
    expect([text, (await evaluate(text)).result]).toEqual([text, result]);
  await expect(evaluate('end->second')).rejects.toThrow('There is no second in end');
  const set = { variablesReference: locals.reference, name: 'atomic', value: '5' };
  expect((await client.setVariableRequest(set)).body.value).toBe('5');
  expect((await inside(locals.get('numbers'))).table).toMatchObject({ '[1]': '(3) [4, 5, 6]: int[3]' });
  expect((await inside(locals.get('queue'))).values).toMatchObject({ '[0]': '"head"' });
  expect((await inside(locals.get('point'))).values).toMatchObject({ x: '1', y: '2.5' });
  // Those of the library itself are nobody's.
  expect((await scope('Statics')).names).toEqual(statics);
});

/** What pointers to base classes lead to. */
const OBJECTS: Readonly<Record<string, string>> = {
  reference: 'shop::inner::Apple {Fruit: {Item: {price: 2}, name: "apple"}, sour: true}: const shop::Item &',
  pointer: '0x… shop::Fruit {Item: {price: 3}, name: "plum"}: shop::Item *',
  // It points to the second base, which does not stand at the beginning.
  second: '0x… shop::Basket {Item: {price: 1}, Named: {id: 77}, count: 3}: shop::Named *',
  // Without virtual functions, nothing tells what it is.
  plain: '0x… {x: 1}: const Plain *',
  same: '0x… {price: 4}: shop::Item *',
  nobody: 'nullptr: shop::Item *',
  owned:
    '0x… shop::inner::Apple {Fruit: {Item: {…}, name: "apple"}, sour: false}: std::unique_ptr<shop::Item>',
  shared: '0x… shop::Fruit {Item: {price: 8}, name: "pear"}: std::shared_ptr<shop::Item>',
  numbers: '0x… shop::Box<int, 3> {Item: {price: 5}, value: 31}: std::unique_ptr<shop::Item>',
  letters:
    '0x… shop::Box<const char *, 3> {Item: {price: 5}, value: 0x… "text"}: std::unique_ptr<shop::Item>',
  hidden: '0x… (anonymous namespace)::Hidden {Item: {price: 9}, secret: 42}: std::unique_ptr<shop::Item>',
  own: '0x… show::Local {Item: {price: 3}, mine: 12}: shop::Item *',
};

test('what is behind a pointer to a base class, as the class that it is of', async () => {
  const { client, scope, inside, evaluate } = await stoppedAt('classes-cpp.wasm.gz', 'classes.cpp');
  const locals = await scope('Locals');
  expect(withoutAddresses(locals.table)).toMatchObject(OBJECTS);
  const owned = await inside(locals.get('owned'));
  expect(owned.names).toEqual(['Fruit', 'sour', '[raw]']);
  const [element] = (await inside(locals.get('all'))).all;
  expect(element?.value).toContain('shop::Fruit {');
  const found = [
    'pointer->name',
    'owned->sour',
    'second->count + second->id',
    '(*numbers).value',
    'sizeof(*pointer)',
  ];
  const results = await Promise.all(found.map(async (text) => (await evaluate(text)).result));
  expect(results).toEqual(['"plum"', 'false', '80', '31', '8']);
  const set = { variablesReference: owned.reference, name: 'sour', value: 'true' };
  expect((await client.setVariableRequest(set)).body.value).toBe('true');
  expect((await evaluate('owned->sour')).result).toBe('true');
});

/** Of two sources: the class where it can be told, else the one that is declared. */
const OF_TWO_SOURCES = {
  whole: '0x… Box<int> {Item: {price: 1}, value: 3}',
  in_other: '0x… Box<double> {Item: {price: 1}, value: 3.5}',
  local: '0x… Local {Item: {price: 1}, global_one: 1}',
  three: '0x… Numbered<-3> {Item: {price: 1}, own: -3}',
  thirteen: '0x… Numbered<13> {Item: {price: 1}, own: 13}',
  // Both sources have a class of this name in an anonymous namespace.
  hidden: '0x… {price: 1}',
  own_hidden: '0x… {price: 1}',
  far_hidden: '0x… (anonymous namespace)::FarHidden {Item: {price: 1}, far_secret: 8}',
  in_function: '0x… shop::make::Local {Item: {price: 1}, of_make: 2}',
  long_double: expect.stringContaining('Box<long double> {Item: {price: 1}, value: '),
  many: expect.stringMatching(/ Many<.+> \{Item: \{price: 1\}, count: 4\}$/),
  inner: expect.stringMatching(/ shop::Outer<.+>::Inner \{Item: \{price: 1\}, inner: 3\}$/),
  shared: expect.stringContaining(' Shared {'),
  both: '0x… Both {Item: {price: 1}, Second: {id: 7}, both: 5}',
  second: '0x… Both {Item: {price: 1}, Second: {id: 7}, both: 5}',
  dangling: expect.stringMatching(/^0x… \{price: -?\d+\}$/),
  misplaced: '0x… {id: 1}',
};

test('classes of several sources are never taken for others of their name', async () => {
  const { scope, evaluate } = await stoppedAt('sources-cpp.wasm.gz', 'sources.cpp');
  const { values } = await scope('Locals');
  expect(withoutAddresses(values)).toMatchObject(OF_TWO_SOURCES);
  expect((await evaluate('in_other->value + 1')).result).toBe('4.5');
});

test('classes that are only declared here are those of the source that defines them', async () => {
  const { scope, evaluate } = await stoppedAt('declared-cpp.wasm', 'declared.cpp');
  const { values } = await scope('Locals');
  const texts = Object.entries(values).map(([name, text]) => [name, text.replace(/^0x[\da-f]+ /, '')]);
  const unknown = (name: string) => `${name}, of which only the name is known`;
  expect(Object.fromEntries(texts)).toEqual({
    a_till: '{total: 7, coin: {worth: 20}, next: nullptr}',
    a_drawer: '{value: 5}',
    an_unknown: unknown('shop::Unknown'),
    // Two sources have different ones.
    a_twice: unknown('Twice'),
    // That of the other source is not this one.
    a_hidden: unknown('(anonymous namespace)::Hidden'),
  });
  expect((await evaluate('a_till->coin.worth + a_drawer.value')).result).toBe('25');
});
