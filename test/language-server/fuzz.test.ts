import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { WatDocument } from '../../extension/language-server/wat-document.ts';
import { checkEdits } from './edits.ts';
import { fuzz } from './fuzz.ts';

test('no malformed text stops the server', () => {
  fuzz(1000, 1);
}, 60_000);

test('texts that are long in any way are edited', () => {
  const count = 150_000;
  for (const piece of [')', '(;;)', 'nop ']) {
    const text = piece.repeat(count);
    const document = new WatDocument('file:///long.wat', text);
    // It is read now, so that it is edited then.
    expect(document.syntax.source).toBe(text);
    const edited = `${text.slice(0, text.length / 2)}(type)${text.slice(text.length / 2)}`;
    document.update(edited);
    const anew = new WatDocument(document.uri, edited);
    expect(isDeepStrictEqual(document.syntax.faults, anew.syntax.faults), piece).toBe(true);
  }
}, 60_000);

test('of an edited text the same is known as of one that is read anew', () => {
  // Most edits are inside of a function, or between fields.
  expect(checkEdits(300, 1)).toBeGreaterThan(300);
}, 60_000);
