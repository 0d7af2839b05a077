import {
  mnemonics,
  opcodeOf,
  signatureOfOpcode,
  typesOfLetters,
  ValueTypeNumber,
} from '../../runtime/internal.ts';
import type { Effect } from './code-state.ts';

/** What is known of an instruction wherever it stands. */
export interface Instruction {
  readonly mnemonic: string;
  /** What it takes and leaves; undefined if that depends on where it stands. Addresses count as i32, as in most memories. */
  readonly effect: Effect | undefined;
  /** The same as `[i32 i32] -> [i32]`. */
  readonly effectText: string | undefined;
}

const LETTERS: Readonly<Record<string, string>> = { i: 'i32', l: 'i64', f: 'f32', d: 'f64', v: 'v128' };

let byMnemonic: ReadonlyMap<string, Instruction> | undefined;

/** All instructions, by their mnemonics. */
export function instructions(): ReadonlyMap<string, Instruction> {
  byMnemonic ??= new Map(mnemonics().map((mnemonic) => [mnemonic, instruction(mnemonic)]));
  return byMnemonic;
}

function instruction(mnemonic: string): Instruction {
  const signature = signatureOfOpcode(opcodeOf(mnemonic) ?? -1);
  if (signature === undefined) return { mnemonic, effect: undefined, effectText: undefined };
  const { operands, results } = signature;
  const effect = {
    operands: typesOfLetters(operands, ValueTypeNumber.i32),
    results: typesOfLetters(results, ValueTypeNumber.i32),
  };
  return { mnemonic, effect, effectText: `${lettersText(operands)} -> ${lettersText(results)}` };
}

function lettersText(letters: string): string {
  return `[${Array.from(letters, (letter) => LETTERS[letter] ?? 'address').join(' ')}]`;
}
