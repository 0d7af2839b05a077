import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { cutText } from '../../../runtime/cli/reporters/cut-text.ts';
import { createReporter } from '../../../runtime/cli/reporters/index.ts';
import type { TestEvent } from '../../../runtime/internal.ts';
import { OutputGroup } from '../../../runtime/testing/output-group.ts';
import { Feed } from '../../support/program.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const a = 'a';
const b = 'b::\x1b[2Jx';
const c = 'c';

const discovered: TestEvent = {
  event: 'discovered',
  tests: [a, b, c].map((name) => ({ name, export: name, ignored: false, expectedPanic: null, runs: true })),
  filteredOut: 0,
};
const started = (name: string): TestEvent => ({ event: 'started', name, export: name });
function passed(name: string): TestEvent {
  const exit = { kind: 'returned' } as const;
  const output = new OutputGroup(new Feed(), null);
  const rest = { outcome: 'passed', shouldFail: false, exit, output, duration: 1, failures: [] } as const;
  return { event: 'finished', name, export: name, title: name, ...rest };
}
const counts = { passed: 3, failed: 0, ignored: 0, cancelled: 0, filteredOut: 0 };
const done: TestEvent = { event: 'summary', ...counts };

/** A terminal of one line after the last line end; ESC[2K after CR empties it. */
class Terminal {
  #text = '';
  written = 0;

  readonly print = (text: string): null => {
    this.written++;
    for (const part of text.split(/(?=\r)/)) {
      const erases = part.startsWith('\r\x1b[2K');
      this.#text = erases ? this.#text.replace(/[^\n]*$/, '') + part.slice(5) : this.#text + part;
    }
    return null;
  };

  get lines(): string[] {
    return this.#text.split('\n');
  }

  get lastLine(): string {
    return this.lines.at(-1) ?? '';
  }
}

function reporter(columns: (() => number) | null) {
  const terminal = new Terminal();
  const options = { colors: false, showOutput: false, start: 0, columns };
  return { terminal, show: createReporter('pretty', { print: terminal.print, ...options }) };
}

test('the line tells how far the run is and what runs longest, and gives way to results', () => {
  const { terminal, show } = reporter(() => 80);
  show.begin('file.wasm');
  for (const event of [discovered, started(a), started(b), started(c)]) show.show(event);
  expect(terminal.lastLine).toBe('');
  vi.advanceTimersByTime(100);
  expect(terminal.lastLine).toBe('0/3 running: a, b::\ufffd[2Jx, c');
  show.show(passed(a));
  expect(terminal.lines.slice(-2)).toEqual(['test a ... ok', '']);
  vi.advanceTimersByTime(20);
  expect(terminal.lines.slice(-2)).toEqual(['test a ... ok', '1/3 running: b::\ufffd[2Jx, c']);
  show.show(passed(c));
  show.show(passed(b));
  show.show(done);
  vi.advanceTimersByTime(1000);
  expect(terminal.lines).toEqual([
    '',
    'running 3 tests',
    'test a ... ok',
    'test c ... ok',
    'test b::�[2Jx ... ok',
    '',
    expect.stringContaining('test result: ok. 3 passed'),
    '',
    '',
  ]);
  expect(vi.getTimerCount()).toBe(0);
});

test('the line fits the terminal, also when that becomes narrower', () => {
  let columns = 20;
  const { terminal, show } = reporter(() => columns);
  for (const event of [discovered, started('a_long_name'), started(c)]) show.show(event);
  vi.advanceTimersByTime(100);
  expect(terminal.lastLine).toBe('0/3 running: a_l…');
  columns = 12;
  vi.advanceTimersByTime(100);
  expect(terminal.lastLine).toBe('0/3 runn…');
});

test('nothing is written while nothing changes', () => {
  const { terminal, show } = reporter(() => 80);
  for (const event of [discovered, started(a)]) show.show(event);
  vi.advanceTimersByTime(100);
  const { written } = terminal;
  vi.advanceTimersByTime(10_000);
  expect(terminal.written).toBe(written);
});

test('it can be taken away for something else, and ends with the run', () => {
  const { terminal, show } = reporter(() => 80);
  for (const event of [discovered, started(a)]) show.show(event);
  vi.advanceTimersByTime(100);
  show.clear?.();
  expect(terminal.lastLine).toBe('');
  vi.advanceTimersByTime(20);
  expect(terminal.lastLine).toBe('0/3 running: a');
  show.end();
  vi.advanceTimersByTime(1000);
  expect(terminal.lastLine).toBe('');
});

test('without a terminal there is none', () => {
  const { terminal, show } = reporter(null);
  for (const event of [discovered, started(a)]) show.show(event);
  vi.advanceTimersByTime(1000);
  expect(terminal.lines).toEqual(['', 'running 3 tests', '']);
});

test.each([
  ['abc', 3, 'abc'],
  ['abcd', 3, 'ab…'],
  ['日本', 4, '日本'],
  ['日本語', 5, '日本…'],
  ['日本語', 4, '日…'],
  ['e\u0301e\u0301e\u0301', 3, 'e\u0301e\u0301e\u0301'],
  ['e\u0301e\u0301e\u0301', 2, 'e\u0301…'],
  ['🦀🦀', 3, '🦀…'],
  ['a', 1, 'a'],
  ['ab', 1, '…'],
  ['a', 0, ''],
  ['a', -2, ''],
])('%j in %i columns is %j', (text, columns, expected) => {
  expect(cutText(text, columns)).toBe(expected);
});
