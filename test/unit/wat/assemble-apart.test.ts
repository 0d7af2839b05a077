/** Texts that keep the assembler busy for ever, or break it, do no harm to others. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { assembleApart, assembleText, WatError } from '../../../runtime/wat/index.ts';

/** The assembler never ends with these. */
const ENDLESS = `(module (func ${'block '.repeat(200)}${'end '.repeat(200)}))`;
/** With these it writes beyond its stack, and fails or never ends. */
const TOO_DEEP = `(module (func ${'(block '.repeat(200)}${')'.repeat(200)}))`;
const RIGHT = '(module (func (export "main") (result i32) (i32.const 42)))';

test('a text that never ends is given up, and this thread goes on meanwhile', async () => {
  const given = assembleApart(ENDLESS, 'endless.wat', 200).catch((error: unknown) => error);
  for (let turn = 0; turn < 100; turn++) await nextTurn();
  const error = await given;
  expect(error).toBeInstanceOf(WatError);
  expect(error).toMatchObject({
    message: 'endless.wat cannot be assembled: it takes longer than 0.2 seconds',
  });
  expect(await assembleApart(RIGHT, 'right.wat')).toEqual(await assembleText(RIGHT, 'right.wat'));
});

test('several texts at once: each gets its own result', async () => {
  const texts = [RIGHT, '(module (func bla))', ENDLESS, RIGHT, TOO_DEEP, '(module)'];
  const limitOf = (text: string) => (text === ENDLESS || text === TOO_DEEP ? 500 : undefined);
  const results = await Promise.allSettled(
    texts.map((text, i) => assembleApart(text, `${i}.wat`, limitOf(text))),
  );
  const right = await assembleText(RIGHT, 'right.wat');
  expect(results).toMatchObject([
    { value: right },
    { reason: { message: expect.stringMatching(/^1\.wat:1:15: error: unexpected token bla/) } },
    { reason: { message: '2.wat cannot be assembled: it takes longer than 0.5 seconds' } },
    { value: right },
    {
      reason: {
        message: expect.stringMatching(/^4\.wat (is too much for the assembler|cannot be assembled)/),
      },
    },
    { value: await assembleText('(module)', 'empty.wat') },
  ]);
});

test('a text with an error in every word gets a message of bounded length, and each error names the file', async () => {
  const error = await assembleApart(`(module (func ${'drop '.repeat(20_000)}))`, 'wrong.wat').catch(
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(WatError);
  const { message } = error as WatError;
  expect(message.length).toBeLessThan(20_000);
  const errors = message.split('\n').filter((line) => line.includes(': error: '));
  expect(errors.length).toBeGreaterThan(50);
  expect(errors.filter((line) => !line.startsWith('wrong.wat:1:'))).toEqual([]);
});
