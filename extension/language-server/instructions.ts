import { opcodeOf, signatureOfOpcode, typesOfLetters, ValueTypeNumber } from '../../runtime/internal.ts';
import type { Effect } from './code-state.ts';

const LETTERS: Readonly<Record<string, string>> = { i: 'i32', l: 'i64', f: 'f32', d: 'f64', v: 'v128' };

/** By opcode. Completion asks for all of them after each key. */
const TEXTS = new Map<number, string | undefined>();

/** What an instruction takes and leaves, as `[i32 i32] -> [i32]`; undefined if that depends on where it stands. */
export function effectText(mnemonic: string): string | undefined {
  const opcode = opcodeOf(mnemonic);
  if (opcode === undefined) return undefined;
  if (!TEXTS.has(opcode)) TEXTS.set(opcode, newEffectText(opcode));
  return TEXTS.get(opcode);
}

function newEffectText(opcode: number): string | undefined {
  const signature = signatureOfOpcode(opcode);
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
  return {
    operands: typesOfLetters(signature.operands, ValueTypeNumber.i32),
    results: typesOfLetters(signature.results, ValueTypeNumber.i32),
  };
}
