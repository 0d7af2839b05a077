import { expect, test } from 'vitest';
import { Namespace, older } from '../../../runtime/hostcall/function.ts';
import { parseSignature, SignatureError } from '../../../runtime/hostcall/signature.ts';
import { HOST_TYPES } from '../../../runtime/wasm/index.ts';

test.each([
  ['()', [], [], []],
  ['() -> i64', [], [], ['i64']],
  ['(pointer: i32, amount: f32)', ['i32', 'f32'], ['pointer', 'amount'], []],
  ['(i64, share: f64) -> f32', ['i64', 'f64'], ['p0', 'share'], ['f32']],
])('%s', (text, params, paramNames, results) => {
  expect(parseSignature(text)).toEqual({ params, paramNames, results });
});

test.each(Object.keys(HOST_TYPES))('a parameter and a result may be of type %s', (type) => {
  expect(parseSignature(`(a: ${type}) -> ${type}`)).toMatchObject({ params: [type], results: [type] });
});

test.each(['v128', 'funcref', 'externref', 'i8', 'toString'])(
  'a host function with a %s is an error when its signature is read',
  (type) => {
    const message = `"${type}" is not a type of host functions; they are i32, i64, f32, f64`;
    const define = (signature: string) => () => {
      const namespace = new Namespace('n');
      namespace.define('f', signature, { since: '0.1.0' }, 'Does something.', () => () => {});
      return namespace.functions[0]?.params;
    };
    const reads = [define(`(a: ${type})`), define(`() -> ${type}`), () => older(`(${type})`).params];
    for (const read of reads) {
      expect(read).toThrow(SignatureError);
      expect(read).toThrow(message);
    }
  },
);

test.each(['', 'i32', '(i32', '(i32) ->', '(i32)->i32', '() -> i32, i32', '(()) -> i32'])(
  '%j is no signature',
  (text) => {
    expect(() => parseSignature(text)).toThrow('it must be as "(pointer: i32, amount: i64) -> f64"');
  },
);
