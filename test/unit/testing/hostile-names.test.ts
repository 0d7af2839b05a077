/** Random names in everything that is printed: no control character comes out, and no line more than there should be. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { failureText } from '../../../extension/testing/running/test-messages.ts';
import { createReporter, REPORTERS, testList } from '../../../runtime/cli/reporters/index.ts';
import { messageLine } from '../../../runtime/inspect/view/index.ts';
import { displayName } from '../../../runtime/text/display-name.ts';
import { jsonText } from '../../../runtime/text/json-text.ts';
import { printable, printableLines } from '../../../runtime/text/printable.ts';

const OBEYED = /(?!\n)\p{Cc}|[\p{Cf}\p{Zl}\p{Zp}]/u;

const SPECIAL = [
  ...[
    '\x1b',
    '\x1b[2J',
    '\x1b]0;title\x07',
    '\x9b',
    '\x9b2J',
    '\x90',
    '\x85',
    '\r',
    '\x07',
    '\x08',
    '\x7f',
    '\0',
    '\t',
  ],
  ...['\n', '\r\n', '\u2028', '\u2029', '\v', '\f', '\ntest result: ok. 99 passed'],
  ...['\u202e', '\u2066', '\u2069', '\u061c', '\u200b', '\u200d', '\u2060', '\ufeff', '\u00ad', '\u{e0041}'],
  ...['\ud800', '\udc00', '"', '\\', '<', '&', ']]>', 'ok', '::', '😀'],
];
const names = fc.array(fc.oneof(fc.constantFrom(...SPECIAL), fc.string({ unit: 'binary' })), {
  maxLength: 8,
});
const name = names.map((parts) => parts.join(''));

test('a displayed name is one line, and nothing in it is obeyed', () => {
  fc.assert(
    fc.property(name, (text) => {
      for (const shown of [printable(text), displayName(text)]) {
        expect(shown).not.toMatch(OBEYED);
        expect(shown).not.toContain('\n');
        expect(shown.isWellFormed()).toBe(true);
      }
      expect(printableLines(text).split('\n')).toHaveLength(text.split('\n').length);
    }),
  );
});

test('JSON loses nothing, and is one line', () => {
  fc.assert(
    fc.property(name, fc.constantFrom(undefined, 2), (text, space) => {
      const json = jsonText({ [text]: [text] }, space);
      expect(json).not.toMatch(OBEYED);
      expect(json.split('\n')).toHaveLength(space === undefined ? 1 : 5);
      // `JSON.parse` makes `__proto__` an own property.
      expect(JSON.parse(json)).toStrictEqual(JSON.parse(JSON.stringify({ [text]: [text] })));
    }),
  );
});

describe.each(REPORTERS)('the reporter %s', (reporter) => {
  test('prints the same lines whatever the names are', async () => {
    const print = async (...[passed, failed, file]: string[]): Promise<string> => {
      let printed = '';
      const output = { isEmpty: true, text: '', drop() {} };
      const options = { colors: false, showOutput: true, start: 0, columns: null };
      const printer = createReporter(reporter, {
        ...options,
        print: (text) => {
          printed += text;
          return null;
        },
      });
      const about = (name = '') => ({ name, export: name, title: name, shouldFail: false, duration: 1 });
      const exit = { kind: 'returned' } as const;
      const failure = {
        ...{ reason: 'failed', message: passed ?? '', expected: null, actual: null, location: null },
        stack: [],
        processes: [],
      } as const;
      printer.begin(file ?? '');
      printer.show({ event: 'ignored', name: passed ?? '', export: passed ?? '' });
      printer.show({
        event: 'finished',
        ...about(passed),
        outcome: 'passed',
        failures: [],
        exit,
        output,
      } as never);
      printer.show({
        event: 'finished',
        ...about(failed),
        outcome: 'failed',
        failures: [failure],
        exit,
        output,
      } as never);
      await printer.show({
        event: 'summary',
        passed: 1,
        failed: 1,
        ignored: 1,
        cancelled: 0,
        filteredOut: 0,
      });
      await printer.end();
      return printed;
    };
    const lines = (await print('a', 'b', 'c')).split('\n').length;
    await fc.assert(
      fc.asyncProperty(name, name, name, async (passed, failed, file) => {
        const printed = await print(passed, failed, file);
        expect(printed).not.toMatch(OBEYED);
        // In the document for CI servers a message may have several lines.
        if (reporter !== 'junit') expect(printed.split('\n')).toHaveLength(lines);
        if (reporter === 'pretty') expect(printed.match(/^test result: /gm)).toHaveLength(1);
      }),
    );
  });
});

test('lists, failures and views', () => {
  fc.assert(
    fc.property(name, (text) => {
      const test = { name: text, exportName: text, ignored: false, expectedPanic: null };
      const failure = {
        ...({ reason: 'timeout', message: text, expected: null, actual: null, location: null } as const),
        stack: [
          { function: text, index: 1, offset: 2, location: null, inlined: false },
          {
            ...{ function: text, index: 1, offset: 2, inlined: true },
            location: { file: text, line: 1, column: 1 },
          },
        ],
        processes: [{ id: 1, names: [text], activity: 'waits', messages: 0, stack: [] }],
      } as const;
      const data = Buffer.from(text);
      const message = {
        kind: 'data',
        tag: '0',
        size: data.length,
        data: data.toString('base64'),
        resources: [],
      } as const;
      const list = testList([{ test, runs: true }]);
      expect(list.split('\n')).toHaveLength(2);
      for (const shown of [list, failureText(failure), messageLine(message)])
        expect(shown).not.toMatch(OBEYED);
    }),
  );
});
