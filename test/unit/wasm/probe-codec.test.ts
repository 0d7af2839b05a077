import { describe, expect, it } from 'vitest';

import {
  decodeProbes,
  encodeProbes,
  everyInstruction,
  ProbeMap,
  readModule,
} from '../../../runtime/wasm/index.ts';
import { wat } from './support.ts';

const SOURCE = `(module (import "a" "b" (func (param i32)))
  (func) (func (param i32 i64) (local f32 f64 v128 externref i32) nop nop) (func (local i32 i32) (call 0 (local.get 0)))
  (func (param i32 i64) (local f32 f64 v128 externref i32)))`;

describe('probes that were kept', () => {
  it.each([
    ['with all locals', {}],
    ['with some', { localsOf: (defined: number) => (defined === 1 ? [6, 0] : undefined) }],
  ])('are what they were, %s', async (_, more) => {
    const module = readModule(await wat(SOURCE));
    const map = ProbeMap.of(module, { offsets: everyInstruction(module), ofBytes: true, ...more });
    const again = decodeProbes(encodeProbes(map));
    expect(again).toEqual(map);
    for (let at = 0; at < module.bytes.length; at++)
      expect([again.functionAt(at), again.siteFrom(at)]).toEqual([map.functionAt(at), map.siteFrom(at)]);
  });
});
