import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findPanic, panicText } from '../../../runtime/symbols/panic-text.ts';

test.each([
  ['nothing', '', null],
  ['output without a panic', "hello 'a', b\n", null],
  ['Rust before 1.73', "x\nthread 'main' panicked at 'too bad', src/lib.rs:7:5\nnote: run with\n", 'too bad'],
  [
    'Rust before 1.73, several lines',
    "thread '<unnamed>' panicked at 'left\n right', src/lib.rs:7:5\n",
    'left\n right',
  ],
  ['Rust before 1.73, to the last quote', "thread 'a' panicked at 'b', c', src/lib.rs:7:5\n", "b', c"],
  ['not at the start of a line', "a thread 'main' panicked at 'b', c\n", null],
  [
    'Rust before 1.73, the last of two',
    "thread 'a' panicked at 'caught', x:1:1\nthread 'a' panicked at 'final', x:1:1\n",
    'final',
  ],
  [
    'Rust',
    "\nthread '<unnamed>' panicked at src/lib.rs:7:5:\ntoo bad\n" +
      'note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n',
    'too bad',
  ],
  [
    'Rust, with the number of the thread',
    "thread 'main' (12) panicked at src/lib.rs:7:5:\ntoo bad\n",
    'too bad',
  ],
  [
    'Rust, several lines, with a stack',
    "thread 'main' panicked at src/lib.rs:7:5:\nassertion failed\n  left: 1\n right: 2\nstack backtrace:\n   0: f\n",
    'assertion failed\n  left: 1\n right: 2',
  ],
  ['Rust, an empty message', "thread 'main' panicked at src/lib.rs:7:5:\n\n", ''],
  [
    'Rust, the last of two',
    "thread 'a' panicked at x:1:1:\ncaught\nthread 'a' panicked at x:1:1:\nfinal\n",
    'final',
  ],
  ['AssemblyScript', 'said\nabort: too bad in assembly/index.ts(7:5)\n', 'too bad'],
  ['AssemblyScript, several lines', 'abort: one in two\nthree in a.ts(7:5)\nmore\n', 'one in two\nthree'],
  ['AssemblyScript without a place', 'abort: too bad\n', 'too bad'],
])('%s', (_, output, expected) => {
  expect(panicText(output)).toBe(expected);
});

test.each([
  ["thread 'main' panicked at 'too bad', src/lib.rs:7:5\nmore\n", 'src/lib.rs', 7, 5],
  ["thread 'main' panicked at 'a', b', C:\\my code\\lib.rs:70:15", 'C:\\my code\\lib.rs', 70, 15],
  ["thread 'main' panicked at src/lib.rs:7:5:\ntoo bad\n", 'src/lib.rs', 7, 5],
  ["thread 'main' (3) panicked at C:\\my code\\lib.rs:7:5:\ntoo bad\n", 'C:\\my code\\lib.rs', 7, 5],
  ["thread 'a' panicked at b' panicked at src/lib.rs:7:5:\ntoo bad\n", 'src/lib.rs', 7, 5],
  ['abort: too bad in assembly/index.ts(7:5)\n', 'assembly/index.ts', 7, 5],
  ['abort: too bad in ~lib/array.ts(107:42)\n', '~lib/array.ts', 107, 42],
])('the place of a panic: %j', (output, file, line, column) => {
  expect(findPanic(output)?.location).toEqual({ file, line, column });
});

test.each([
  ["thread 'main' panicked at 'too bad', somewhere\n"],
  ["thread 'main' panicked at 'too bad', \nsrc/lib.rs:7:5\n"],
  ['abort: too bad\n'],
  ['abort: too bad in ?(0:0)\n'],
])('a panic without a place: %j', (output) => {
  expect(findPanic(output)).toEqual({ message: 'too bad', location: null });
});

test('a long output is searched in no time, whatever it looks like', () => {
  expect(panicText("thread 'a' panicked at 'b\n".repeat(100_000))).toBe(null);
  expect(panicText(`thread '${"' panicked at a:1:1 ".repeat(100_000)}`)).toBe(null);
  expect(panicText(`thread '${"' (1) panicked at :1:1:".repeat(100_000)}\nbad\n`)).toBe('bad');
  expect(panicText(`abort: ${' in a(1:'.repeat(100_000)}`)).toHaveLength(800_000);
  expect(panicText(`abort: in ${'(1:1'.repeat(100_000)}`)).toHaveLength(400_003);
});

test('the format before Rust 1.73 is that of its regular expression', () => {
  const piece = fc.constantFrom(
    "thread '",
    "' panicked at '",
    "', ",
    "'",
    '\n',
    'a',
    ' ',
    ', ',
    "panicked at '",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      const output = pieces.join('');
      const match = /^thread '.*' panicked at '(.*)', /ms.exec(output);
      expect(panicText(output)).toBe(match?.[1] ?? null);
    }),
    { numRuns: 5000 },
  );
});
