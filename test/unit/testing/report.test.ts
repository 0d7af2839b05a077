import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  REPORT_SCHEMAS,
  type ReportEvent,
  reportLine,
  TestReportError,
  TestReportReader,
} from '../../../runtime/testing/report.ts';
import { projectFolder } from '../../support/command.ts';

const file = 'a.wasm';
const frame = { function: null, index: 3, offset: 0x20e, location: null, inlined: false };
const placed = { ...frame, location: { file: 'src/oven.rs', line: 9, column: 1 }, inlined: true };
const failure = {
  ...{ reason: 'timeout' as const, message: 'too late', expected: null, actual: '5', stack: [placed, frame] },
  location: { file: 'src/lib.rs', line: 7, column: 5 },
  processes: [
    { id: 1, names: ['oven'], activity: 'runs', messages: 2, stack: [{ ...frame, function: 'bake' }] },
  ],
};

/** One event of each kind. */
const EVENTS: readonly ReportEvent[] = [
  { event: 'report', version: 2 },
  {
    ...{ event: 'discovered', file, filteredOut: 2 },
    tests: [{ name: 'a', export: '#lunatic_test_a', ignored: false, runs: true, expectedPanic: null }],
  },
  { event: 'started', file, name: 'a', export: '#lunatic_test_a' },
  { event: 'ignored', file, name: 'b', export: '#lunatic_test_#ignore_b' },
  {
    ...{ event: 'finished', file, name: 'a', export: '#lunatic_test_a', title: 'A', outcome: 'failed' },
    ...{ shouldFail: false, duration: 1.25, failures: [failure], output: 'line\n"line"\n' },
  },
  {
    ...{ event: 'summary', file, passed: 0, failed: 1, ignored: 1, cancelled: 0, filteredOut: 2 },
    duration: 0,
  },
  { event: 'error', file, message: 'it is gone' },
];

/** A reader that has read the first line of a report. */
function begun(): TestReportReader {
  const reader = new TestReportReader();
  reader.read('{"event":"report","version":2}');
  return reader;
}

test('a reader reads what is written', () => {
  const reader = new TestReportReader();
  for (const event of EVENTS) {
    const line = reportLine(event);
    expect(TestReportReader.isReport(line)).toBe(true);
    expect(reader.read(line)).toEqual(event);
  }
});

/** Each object in the event, as the path that leads to it. */
function* objectsIn(value: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield path;
  for (const [name, inner] of Object.entries(value)) yield* objectsIn(inner, [...path, name]);
}

/** A copy of the event, in which the object at the path is changed. */
function changed(event: ReportEvent, path: readonly string[], change: (object: object) => void): string {
  const copy = structuredClone(event);
  const object = path.reduce<object>((inner, name) => Reflect.get(inner, name), copy);
  change(object);
  return JSON.stringify(copy);
}

describe.each(EVENTS.slice(1))('$event', (event) => {
  test.each([...objectsIn(event)].map((path) => [path.join('.') || 'the event', path] as const))(
    'an unknown field of %s is an error, and so is each that is missing or of another type',
    (_, path) => {
      const reader = begun();
      const refused = (change: (object: object) => void) =>
        expect(() => reader.read(changed(event, path, change))).toThrow(TestReportError);
      refused((object) => Reflect.set(object, 'later', 1));
      const target = path.reduce<object>((inner, name) => Reflect.get(inner, name), event);
      for (const name of Object.keys(target)) {
        refused((object) => Reflect.deleteProperty(object, name));
        refused((object) =>
          Reflect.set(object, name, true === Reflect.get(object, name) ? 'true' : { a: 1 }),
        );
      }
    },
  );
});

test.each([
  ['{"event":', 'a line is not JSON'],
  ['{"event":"later","file":"a.wasm"}', 'event: '],
  ['{"event":"started","file":"a.wasm","name":"a"}', 'export: '],
  [reportLine({ event: 'error', file, message: '' }).replace('}', ',"extra":1}'), 'extra: '],
])('%s is refused, and the message tells why', (line, why) => {
  expect(() => begun().read(line)).toThrow(why);
});

test.each([
  ['{"event":"report","version":3,"anything":[]}', 'of version 3, and version 2 is read here'],
  ['{"event":"started","file":"a.wasm","name":"a","export":"a"}', 'does not begin with its version'],
  ['[]', 'does not begin with its version'],
])('a report that begins with %s is refused', (line, why) => {
  expect(() => new TestReportReader().read(line)).toThrow(why);
});

test('what is no part of a report is told apart', () => {
  for (const line of ['', 'hello', '{}', '{"other":1}', ' {"event":"report"}'])
    expect(TestReportReader.isReport(line)).toBe(false);
});

describe('docs/testing.md', () => {
  const page = readFileSync(join(projectFolder, 'docs', 'testing.md'), 'utf8');
  const section = /^### The test report\n([\s\S]*?)^##/m.exec(page)?.[1] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  const words = (text = '') => [...text.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
  const cells = rows.map((row) => row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));

  test('lists the fields of every event and object, in their order', () => {
    const listed = cells
      .filter(
        ([first = '', ...rest]) =>
          words(first)[0] !== 'event' && /^`[a-zA-Z]+`(, `\w+`)*$/.test(rest.at(-1) ?? ''),
      )
      .map(([first, ...rest]) => [words(first)[0], words(rest.at(-1))]);
    const wanted = Object.entries(REPORT_SCHEMAS).map(([name, { entries }]) => [
      name,
      Object.keys(entries).filter((field) => field !== 'event'),
    ]);
    expect(listed).toEqual(wanted);
  });

  test('explains every field whose name does not', () => {
    const explained = new Set(cells.flatMap(([first, ...rest]) => (rest.length === 1 ? words(first) : [])));
    const plain = ['event', 'version', 'name', 'passed', 'failed', 'cancelled', 'message', 'id', 'ignored'];
    const inText = ['line', 'column', 'index'];
    const fields = Object.values(REPORT_SCHEMAS).flatMap(({ entries }) => Object.keys(entries));
    expect(fields.filter((field) => ![...plain, ...inText].includes(field) && !explained.has(field))).toEqual(
      [],
    );
  });
});
