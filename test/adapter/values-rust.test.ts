import { describe, expect, test } from 'vitest';
import { AdapterClient } from './adapter-client.ts';
import { shelter } from './shops.ts';
import { stoppedAt, stoppedIn } from './value-guests.ts';

/** Of the variables: value and type. Addresses are those of today's compiler. */
const LOCALS: Readonly<Record<string, string>> = {
  count: '12: u32',
  name: '"a name": &str',
  point: 'Point {x: 100, y: 200}: &Point',
  rest: '(3) [7, 8, 9]: &[i16]',
  tiny: '-5: i8',
  byte: '200: u8',
  small: '-300: i16',
  big: '-9000000000000000000: i64',
  huge: '340282366920938463463374607431768211455: u128',
  least: '-170141183460469231731687303715884105728: i128',
  size: '42: usize',
  third: '0.33333334: f32',
  pi: '3.141592653589793: f64',
  yes: 'true: bool',
  letter: "'x': char",
  umlaut: "'ß': char",
  unit: '(): ()',
  text: '"a \\"quote\\" and é": &str',
  empty: '"": &str',
  string: '"owned": String',
  slice: '(3) [1, 2, 3]: &[u8]',
  array: '(3) [10, 20, 30]: [i32; 3]',
  grid: '(2) [(2) [1, 2], (2) [3, 4]]: [[u8; 2]; 2]',
  tuple: "(1, 2.5, 'c'): (i32, f32, char)",
  here: 'Point {x: 3, y: -4}: Point',
  meters: 'Meters(1.5): Meters',
  nothing: 'Unit: Unit',
  north: 'North: Direction',
  south: 'South: Direction',
  no_shape: 'Empty: Shape',
  circle: 'Circle(0.5): Shape',
  rect: 'Rect {width: 3, height: 4}: Shape',
  some: 'Some(5): Option<u32>',
  none: 'None: Option<u32>',
  some_text: 'Some("text"): Option<&str>',
  no_text: 'None: Option<&str>',
  some_box: 'Some(8): Option<Box<u64>>',
  good: 'Ok(1): Result<u8, String>',
  bad: 'Err("went wrong"): Result<u8, String>',
  vec: '(3) [1, 2, 3]: Vec<i32>',
  words: '(2) ["one", "two"]: Vec<String>',
  no_words: '(0) []: Vec<String>',
  deque: '(4) [2, 3, 4, 5]: VecDeque<i32>',
  boxed: 'Point {x: 5, y: 6}: Box<Point>',
  rc: '11: Rc<i32>',
  rc_again: '11: Rc<i32>',
  weak: '11: Weak<i32>',
  arc: '"shared": Arc<String>',
  cell: '12: Cell<i32>',
  ref_cell: '13 (borrowed): RefCell<i32>',
  borrowed: '13: Ref<i32>',
  mutex: '(1) [14]: Mutex<Vec<i32>>',
  map: '(1) {"many": 100}: HashMap<&str, i32>',
  set: '(1) {7}: HashSet<u16>',
  tree: '(30) {0: "leaf", 1: "leaf", 2: "leaf", 3: "leaf", 4: "leaf", …}: BTreeMap<i32, &str>',
  sorted: "(2) {'a', 'b'}: BTreeSet<char>",
  short: '1.5s: Duration',
  nanos: '42ns: Duration',
  animal: 'Cat {lives: 9}: Box<dyn Animal>',
  fish: 'Fish: &dyn Animal',
  shared: 'Cat {lives: 8}: Rc<dyn Animal>',
  str_box: '"boxed": Box<str>',
  slice_rc: '(2) [1, 2]: Rc<[u8]>',
  generic: 'Generic {value: Some(Point {x: 1, y: 2})}: Generic<Option<Point>>',
  pointer: '0x… → 3: *const i32',
  function: 'values::first: fn(&Point) -> i32',
  closure: 'closure {_ref__here__x: 3}: {closure_env#1}',
  range: '1..5: Range<i32>',
  'shadowed (hidden)': '1: i32',
  shadowed: '"again": &str',
};

const withoutAddresses = (table: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(table).map(([name, text]) => [
      name,
      text.replace(/0x[\da-f]+/g, '0x…').replace(/function \d+/, 'function …'),
    ]),
  );

describe.each([
  ['1.63', 'values-rust.wasm.gz'],
  ['1.95', 'values-rust-modern.wasm.gz'],
])('Rust %s', (_, program) => {
  const stopped = () => stoppedAt(program, 'values.rs');

  test('parameters, locals and statics, with values as Rust writes them', async () => {
    const { scope } = await stopped();
    expect(withoutAddresses((await scope('Locals')).table)).toEqual(LOCALS);
    expect((await scope('Statics')).table).toEqual({ COUNTER: '6: u32', GREETING: '"hello": &str' });
  });

  test('what has parts is opened, also as it is in memory', async () => {
    const { scope, inside } = await stopped();
    const locals = await scope('Locals');
    const open = async (...path: string[]) => {
      let variables = locals;
      for (const name of path) variables = await inside(variables.get(name));
      return variables;
    };
    expect((await open('rect')).values).toMatchObject({
      width: '3',
      height: '4',
      '[raw]': expect.any(String),
    });
    expect((await open('some')).values).toMatchObject({ '0': '5' });
    expect((await open('tuple')).table).toEqual({ '0': '1: i32', '1': '2.5: f32', '2': "'c': char" });
    expect((await open('words')).values).toMatchObject({ '[0]': '"one"', '[1]': '"two"' });
    expect((await open('deque')).values).toMatchObject({ '[0]': '2', '[3]': '5' });
    expect((await open('boxed')).values).toMatchObject({ x: '5', y: '6' });
    expect((await open('rc')).values).toMatchObject({ '(strong)': '2', '(weak)': '1' });
    expect((await open('map')).values).toMatchObject({ '["many"]': '100' });
    expect((await open('shared')).values).toMatchObject({ lives: '8', '(strong)': '1' });
    expect((await open('generic', 'value', '0')).values).toEqual({ x: '1', y: '2' });
    const raw = await open('vec', '[raw]');
    expect(raw.names).toEqual(expect.arrayContaining(['buf', 'len']));
    expect(raw.get('len').value).toBe('3');
    const shape = await open('rect', '[raw]');
    expect(shape.values).toEqual({ '(discriminant)': '2', Rect: '{width: 3, height: 4}' });
    expect((await inside(shape.get('Rect'))).values).toEqual({ width: '3', height: '4' });
    expect((await open('some', '[raw]')).values).toEqual({ '(discriminant)': '1', Some: '{__0: 5}' });
  });

  test('a long tree and a long vector are read in pages', async () => {
    const { scope, inside } = await stopped();
    const tree = (await scope('Locals')).get('tree');
    expect(tree).toMatchObject({ indexedVariables: 30 });
    const page = await inside(tree, { filter: 'indexed', start: 27, count: 10 });
    expect(page.values).toEqual({ '[27]': '"leaf"', '[28]': '"leaf"', '[29]': '"leaf"' });
    const all = await inside(tree, { filter: 'indexed' });
    expect(all.names).toEqual(Array.from({ length: 30 }, (_, i) => `[${i}]`));
  });

  test('numbers, characters, what is in cells and boxes are set', async () => {
    const { client, scope, inside } = await stopped();
    const { reference } = await scope('Locals');
    const set = async (name: string, value: string, variablesReference = reference) =>
      (await client.setVariableRequest({ variablesReference, name, value })).body.value;
    expect(await set('huge', '1_000')).toBe('1000');
    expect(await set('least', '-1')).toBe('-1');
    expect(await set('umlaut', "'\\u{df}'")).toBe("'ß'");
    expect(await set('letter', "'é'")).toBe("'é'");
    expect(await set('south', 'Direction::North')).toBe('North');
    expect(await set('cell', '77')).toBe('77');
    const vec = (await scope('Locals')).get('vec');
    expect(await set('[1]', '20', vec.variablesReference)).toBe('20');
    expect(await set('x', '-5', (await scope('Locals')).get('boxed').variablesReference)).toBe('-5');
    expect((await inside((await scope('Locals')).get('boxed'))).values).toMatchObject({ x: '-5', y: '6' });
    expect((await scope('Locals')).values).toMatchObject({ vec: '(3) [1, 20, 3]', cell: '77' });
    // The entries of a table are called by their keys.
    const map = (await scope('Locals')).get('map').variablesReference;
    expect(await set('["many"]', '101', map)).toBe('101');
    expect((await inside((await scope('Locals')).get('map'))).values).toMatchObject({ '["many"]': '101' });
    await expect(set('["nobody"]', '1', map)).rejects.toThrow('There is no variable ["nobody"]');
    await expect(set('letter', '7')).rejects.toThrow("letter takes a value of type char, which '7' is not");
    await expect(set('yes', '2')).rejects.toThrow('yes takes a value of type bool');
  });
});

test('processes of the SDK, in variables and in messages, are displayed as these processes', async () => {
  const { source: path, launch, line } = shelter();
  const client = await AdapterClient.stdio();
  await client.configure('', launch);
  await client.setBreakpointsRequest({ source: { path }, breakpoints: [{ line: line('visit') }] });
  await client.configurationDoneRequest();
  const { scope, inside, evaluate } = stoppedIn(client, (await client.event('stopped')).body.threadId ?? 0);
  const locals = await scope('Locals');
  const visitor = '#3 shelter::visitor';
  expect(locals.table).toMatchObject({
    parent: '#1 _start: Process<String, Bincode>',
    cats: '(1) {"Tom": Cat {lives: 7, visits: 0}}: HashMap<String, Cat>',
    request: `Adopt {name: "Minka", by: ${visitor}}: Request`,
    by: `${visitor}: Process<String, Bincode>`,
  });
  const raw = await inside((await inside(locals.get('by'))).get('[raw]'));
  expect(raw.values).toMatchObject({ id: '3' });
  expect((await evaluate('cat.lives - 2')).result).toBe('7');
});

test('a process that has ended is displayed as one', async () => {
  const { scope, inside } = await stoppedAt('process-rust.wasm', 'process.rs');
  const locals = await scope('Locals');
  expect(locals.table).toMatchObject({
    own: '#1 _start: Process<i32, ()>',
    ended: 'Some(#99, which has ended): Option<Process<(), ()>>',
  });
  const raw = await inside((await inside(locals.get('own'))).get('[raw]'));
  expect(raw.values).toMatchObject({ node_id: '0', id: '1' });
});

/** Iterators of which something was taken. */
const ITERATORS: Readonly<Record<string, string>> = {
  slice: 'Iter (3) [2, 3, 4]: Iter<i32>',
  back: 'Iter (3) [1, 2, 3]: Iter<i32>',
  nothing: 'Iter (0) []: Iter<i32>',
  mutable: 'IterMut (2) [8, 9]: IterMut<u8>',
  owned: 'IntoIter (2) ["two", "three"]: IntoIter<String>',
  units: 'Iter (3) [(), (), ()]: Iter<()>',
  array: 'IntoIter (2) [20, 30]: IntoIter<i32, 3>',
  chars: 'Chars "ßer": Chars',
  indices: 'CharIndices {front_offset: 4, iter: Chars "ßer"}: CharIndices',
  bytes: 'Bytes(Copied {it: Iter (1) [98]}): Bytes',
  range: '2..4: Range<i32>',
  all: '2..=2: RangeInclusive<i32>',
  done: '1..=1 (exhausted): RangeInclusive<i32>',
  numbered: 'Enumerate {iter: Iter (3) [2, 3, 4], count: 1}: Enumerate<Iter<i32>>',
  reversed: 'Rev {iter: Iter (4) [1, 2, 3, 4]}: Rev<Iter<i32>>',
  some: 'Take {iter: Skip {iter: Iter (4) [1, 2, 3, 4], n: 1}, n: 2}: Take<Skip<Iter<i32>>>',
  peeked: 'Peekable {iter: Iter (3) [2, 3, 4], peeked: Some(Some(1))}: Peekable<Iter<i32>>',
  copied: 'Copied {it: Iter (4) [1, 2, 3, 4]}: Copied<Iter<i32>>',
  windows: 'Windows {v: (4) [1, 2, 3, 4], size: 2}: Windows<i32>',
  entries: 'Iter, 4 left: Iter<i32, i32>',
  keys: 'Keys, 5 left: Keys<i32, i32>',
  sorted: 'Iter, 4 left: Iter<i32, i32>',
  values: 'Values, 5 left: Values<i32, i32>',
  turned: 'Iter (3) [2, 3, 1]: Iter<i32>',
  drain: 'Drain (2) [6, 7]: Drain<i32>',
};

/** What is behind pointers whose target has no size of its own. */
const UNSIZED: Readonly<Record<string, string>> = {
  shared: 'Circle {id: 7, radius: 2.5}: Rc<RefCell<dyn Shape>>',
  locked: 'Dot(9): Arc<Mutex<dyn Shape>>',
  boxed: 'Circle {id: 8, radius: 3.5} (borrowed): Box<RefCell<dyn Shape>>',
  node: 'Node {id: 5, body: Circle {id: 1, radius: 1.5}}: &Node<dyn Shape>',
  small: 'Node {id: 6, body: Dot(2)}: Box<Node<dyn Shape>>',
  ending: 'Node {id: 4, body: (3) [1, 2, 3]}: &Node<[u16]>',
  order: 'Less: Ordering',
};

test('iterators, as what is left of them, and values without a size', async () => {
  const { scope, inside, evaluate } = await stoppedAt('iterators-rust.wasm.gz', 'iterators.rs');
  const locals = await scope('Locals');
  expect(locals.table).toMatchObject({ ...ITERATORS, ...UNSIZED });
  const body = (await inside(locals.get('node'))).get('body');
  expect((await inside(body)).values).toMatchObject({ id: '1', radius: '1.5' });
  expect((await evaluate('shared.id + node.id')).result).toBe('12');
  expect((await inside(locals.get('owned'))).values).toMatchObject({ '[0]': '"two"', '[1]': '"three"' });
  expect((await evaluate('slice[0] + len(owned)')).result).toBe('4');
});

/** What the library builds of other values. */
const LIBRARY: Readonly<Record<string, unknown>> = {
  list: '(3) [1, 2, 3]: LinkedList<i32>',
  no_list: '(0) []: LinkedList<String>',
  heap: '(3) [9, 3, 1]: BinaryHeap<u8>',
  os_string: '"an os": OsString',
  os_str: '"an os": &OsStr',
  path_buf: '"/a/path": PathBuf',
  path: '"/a/path": &Path',
  boxed_path: '"/a/path": Box<Path>',
  shared_path: '"/a/path": Rc<Path>',
  c_string: '"of C": CString',
  c_str: '"of C": &CStr',
  lent: 'Borrowed("lent"): Cow<str>',
  own: 'Owned((2) [1, 2]): Cow<[u8]>',
  address: '127.0.0.1: IpAddr',
  address6: '2001:db8::1: Ipv6Addr',
  socket: '1.2.3.4:8080: SocketAddr',
  socket6: '[::1]:443: SocketAddr',
  io_error: 'Custom {kind: Other, error: Odd(9)}: Error',
  simple_error: 'Simple(NotFound): Error',
  os_error: 'Os(44): Error',
  boxed_error: 'ParseIntError {kind: InvalidDigit}: Box<(dyn Error + Send + Sync)>',
  any: '5: Arc<(dyn Any + Send + Sync)>',
  date: '2017-07-14T02:40:00.25Z: SystemTime',
  instant: expect.stringMatching(/^\d+\.\d+s: Instant$/),
  flag: expect.stringMatching(/^true: Atomic(Bool|<bool>)$/),
  atomic: expect.stringMatching(/^-5: Atomic(I64|<i64>)$/),
  not_zero: expect.stringMatching(/^Some\(-7\): Option<NonZero(I64|<i64>)>$/),
  zero: expect.stringMatching(/^None: Option<NonZero(U8|<u8>)>$/),
  wrapping: '200: Wrapping<u8>',
  manual: '"kept": ManuallyDrop<String>',
  maybe: 'MaybeUninit(4): MaybeUninit<i32>',
  lock: '(1) [6]: RwLock<Vec<i32>>',
  guard: '(1) [6]: RwLockReadGuard<Vec<i32>>',
  write: '8: RwLockWriteGuard<i32>',
  pinned: '9: Pin<Box<i32>>',
  nested: 'Some(None): Option<Option<bool>>',
  wide: 'Some(1267650600228229401496703205376): Option<u128>',
  code: 'Some(Low): Option<Code>',
  // Functions that need no pointer.
  called: 'fn(i32) -> i32: &dyn Fn<(i32), Output=i32>',
  calls: 'Calls {function: fn(i32) -> i32, count: 2}: Calls<fn(i32) -> i32>',
  cells: '(2) [1, 2]: Rc<RefCell<[u16]>>',
  tail: 'Tail {head: 4, body: (2) [5, 6]}: Rc<Tail<[i32]>>',
  waiting: expect.stringMatching(
    /^answer, waiting at line 39 \{__awaitee: ask, waiting at line 33 \{name: "who", times: 2, length: 3, /,
  ),
  pending: 'Pending: Poll<u32>',
  ready: 'Ready(()): Poll<()>',
  future: 'answer, not started: Pin<Box<dyn Future<Output=u32>>>',
};

const MODERN_LIBRARY: Readonly<Record<string, string>> = {
  once: '11: OnceLock<u32>',
  no_once: 'not initialized: OnceLock<u32>',
  lazy: 'Init(12): LazyCell<u32, fn() -> u32>',
};

test.each([
  ['1.63', 'library-rust.wasm.gz', LIBRARY],
  ['1.96', 'library-rust-modern.wasm.gz', { ...LIBRARY, ...MODERN_LIBRARY }],
])('what the library builds of other values, as it is meant: Rust %s', async (_, program, expected) => {
  const { scope, inside, evaluate } = await stoppedAt(program, 'library.rs');
  const locals = await scope('Locals');
  expect(locals.table).toMatchObject(expected);
  expect((await inside(locals.get('list'))).values).toMatchObject({ '[0]': '1', '[2]': '3' });
  const body = (await inside(locals.get('tail'))).get('body');
  expect((await inside(body)).table).toEqual({ '[0]': '5: i32', '[1]': '6: i32' });
  const expressions = {
    ...{ 'list[1]': '2', 'len(list)': '3', 'os_str == "an os"': 'true', 'cells[1]': '2' },
    ...{ 'tail.body[1] + tail.head': '10', 'len(tail.body)': '2', 'calls.count': '2' },
  };
  for (const [text, result] of Object.entries(expressions))
    expect([text, (await evaluate(text)).result]).toEqual([text, result]);
});
