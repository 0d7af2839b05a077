import { expect, test } from 'vitest';
import { isOwnCall } from '../../../runtime/symbols/library-code.ts';

test.each([
  ['shop::open', '/shop/src/main.rs', true],
  ['shop::open', null, true],
  [null, '/shop/src/main.rs', true],
  [null, null, false],
  ['core::ops::function::FnOnce::call_once', '/shop/src/main.rs', false],
  ['read', '/shop/node_modules/till/index.ts', false],
])('whether a call of %s in %s is the own code of its author: %s', (name, file, isOwn) => {
  expect(isOwnCall(name, file)).toBe(isOwn);
});
