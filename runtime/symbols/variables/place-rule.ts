import { readAddress } from '../dwarf/addresses.ts';
import { ByteCursor, unlessMalformed } from '../dwarf/byte-cursor.ts';
import { Form } from '../dwarf/constants.ts';
import type { DieUnit } from '../dwarf/die.ts';
import { Op, WasmLocation } from '../dwarf/operations.ts';

/**
 * Where a variable is in every call that comes to the same place, as most are: in a local or global itself, or in memory at an
 * address that counts from one, or from 0.
 */
export type PlaceRule =
  | { readonly kind: 'wasm'; readonly store: 'local' | 'global'; readonly index: number }
  | {
      readonly kind: 'memory';
      readonly base: { readonly store: 'local' | 'global'; readonly index: number } | null;
      readonly offset: number;
    };

/** The rule that an expression is; null if it is a longer one. */
export function placeRule(
  expression: Uint8Array,
  frameBase: Uint8Array | null,
  unit: DieUnit,
): PlaceRule | null {
  return unlessMalformed(() => read(new ByteCursor(expression), frameBase, unit), null);
}

function read(cursor: ByteCursor, frameBase: Uint8Array | null, unit: DieUnit): PlaceRule | null {
  if (cursor.atEnd) return null;
  let rule: PlaceRule;
  const op = cursor.u8();
  switch (op) {
    case Op.addr:
      rule = { kind: 'memory', base: null, offset: cursor.uint(unit.addressSize) };
      break;
    case Op.addrx:
    case Op.gnuAddrIndex:
      rule = { kind: 'memory', base: null, offset: readAddress(unit, Form.addrx, cursor) ?? 0 };
      break;
    case Op.fbreg: {
      const base = frameBase === null ? null : read(new ByteCursor(frameBase), null, unit);
      const offset = Number(cursor.bigSleb());
      // The base is a value, from which addresses count.
      if (base?.kind !== 'wasm') return null;
      rule = { kind: 'memory', base: { store: base.store, index: base.index }, offset };
      break;
    }
    case Op.wasmLocation: {
      const kind = cursor.u8();
      if (kind !== WasmLocation.local && kind !== WasmLocation.global && kind !== WasmLocation.fixedGlobal)
        return null;
      const index = kind === WasmLocation.fixedGlobal ? cursor.u32() : cursor.uleb();
      const store = kind === WasmLocation.local ? 'local' : 'global';
      if (cursor.position + 1 === cursor.end && cursor.u8() === Op.stackValue)
        return { kind: 'wasm', store, index };
      rule = { kind: 'memory', base: { store, index }, offset: 0 };
      break;
    }
    default:
      return null;
  }
  while (!cursor.atEnd) {
    if (cursor.u8() !== Op.plusUconst) return null;
    rule = { ...rule, offset: rule.offset + cursor.uleb() };
  }
  return rule;
}
