import { BY_LETTER, opcodeOf, signatureOfOpcode } from '../../runtime/internal.ts';
import type { Effect } from './code-state.ts';

const LETTERS: Readonly<Record<string, string>> = { i: 'i32', l: 'i64', f: 'f32', d: 'f64', v: 'v128' };

/** What an instruction takes and leaves, as `[i32 i32] -> [i32]`; undefined if that depends on where it stands. */
export function effectText(mnemonic: string): string | undefined {
  const opcode = opcodeOf(mnemonic);
  const signature = opcode === undefined ? undefined : signatureOfOpcode(opcode);
  if (signature === undefined) return undefined;
  const types = (letters: string) =>
    `[${Array.from(letters, (letter) => LETTERS[letter] ?? 'address').join(' ')}]`;
  return `${types(signature.operands)} -> ${types(signature.results)}`;
}

/** The same as types; addresses count as i32, as in most memories. */
export function effectOf(mnemonic: string): Effect | undefined {
  const opcode = opcodeOf(mnemonic);
  const signature = opcode === undefined ? undefined : signatureOfOpcode(opcode);
  if (signature === undefined) return undefined;
  const types = (letters: string) =>
    Array.from(letters, (letter) => BY_LETTER[letter === 'a' ? 'i' : letter] ?? 0);
  return { operands: types(signature.operands), results: types(signature.results) };
}
