import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectFolder } from '../support/command.ts';
import { AdapterClient } from './adapter-client.ts';
import { unpacked } from './value-guests.ts';

const folder = join(projectFolder, 'test', 'guests', 'values');

/** Prints expressions at the line at whose end "here" stands. */
async function logged(program: string, source: string, expressions: readonly string[]): Promise<string[]> {
  const client = await AdapterClient.stdio();
  const path = join(folder, source);
  const line =
    readFileSync(path, 'utf8')
      .split('\n')
      .findIndex((text) => text.endsWith('// here')) + 1;
  await client.configure('', { program: unpacked(program), sourceFileMap: { '/project': folder } });
  const logMessage = `values: ${expressions.map((expression) => `{${expression}}`).join('; ')} end`;
  await client.setBreakpointsRequest({ source: { path }, breakpoints: [{ line, logMessage }] });
  await client.configurationDoneRequest();
  const { body } = await client.event('output', ({ body }) => body.output.includes('values: '));
  return /values: (.*) end/.exec(body.output)?.[1]?.split('; ') ?? [];
}

const RUST: readonly [expression: string, value: string][] = [
  ['tiny', '-5'],
  ['byte as i8', '-56'],
  ['big', '-9000000000000000000'],
  ['huge == (1 << 127) - 1 + (1 << 127)', 'true'],
  ['third < 0.34 && pi > 3.14', 'true'],
  ['yes', 'true'],
  ["letter == 'x'", 'true'],
  ['umlaut', "'ß'"],
  ['text == "a \\"quote\\" and \\u{e9}"', 'true'],
  ['empty == "" && len(empty) == 0', 'true'],
  ['string', 'owned'],
  ['string == "owned" && len(string) == 5', 'true'],
  ['slice[2] + len(slice)', '6'],
  ['array[1] + grid[1][0]', '23'],
  ['tuple.1', '2.5'],
  ['here.x * here.y', '-12'],
  ['meters.0', '1.5'],
  ['vec[2] + len(vec)', '6'],
  ['words[1]', 'two'],
  ['words[1] == "two" && len(no_words) == 0', 'true'],
  ['boxed.y', '6'],
  ['*pointer', '3'],
  ['point.x == (*point).x', 'true'],
  ['name == "again" || len(name) >= 0', 'true'],
  ['shadowed', 'again'],
  ['GREETING', 'hello'],
  ['COUNTER > 5', 'true'],
  ['range.start', '1'],
  ['vec[3]', '{there is no element 3}'],
  ['map["few"]', '{there is no "few" in it}'],
  ['tree[30]', '{there is no 30 in it}'],
  ['tree["one"]', '{its keys are not texts}'],
];

test.each(['values-rust.wasm.gz', 'values-rust-modern.wasm.gz'])(
  'expressions in the values of Rust: %s',
  async (program) => {
    const found = await logged(
      program,
      'values.rs',
      RUST.map(([expression]) => expression),
    );
    expect(found.map((value, i) => [RUST[i]?.[0], value])).toEqual(RUST);
  },
);

const C: readonly [expression: string, value: string][] = [
  ['tiny + byte', '195'],
  ["letter == 'x'", 'true'],
  ['huge', '18446744073709551615'],
  ['third', '0.33333334'],
  ['yes && !no', 'true'],
  ['color == 5', 'true'],
  ['number.real', '1.5'],
  ['outer.inside + outer.right + outer.corners[1].y', '34'],
  ['grid[1][2]', '6'],
  ['text[0]', "105 'i'"],
  ['(char*)&text', 'in an array'],
  ['quoted == "a \\"quote\\"\\tand \\u{e9}"', 'true'],
  ['greeting', 'hello, world'],
  ['pointer->y', '-4'],
  ['*second + **twice + second[1]', '70'],
  ['first.next->value', '2'],
  ['first.next->next == 0', 'true'],
  ['((int*)anything)[0]', '3'],
  ['length', '42'],
  ['many[2999] == 2999 * 2999', 'true'],
  ['counter > 0', 'true'],
];

test('expressions in the values of C', async () => {
  const found = await logged(
    'values-c.wasm',
    'values.c',
    C.map(([expression]) => expression),
  );
  expect(found.map((value, i) => [C[i]?.[0], value])).toEqual(C);
});
