import type { FunctionKind } from './function-kinds.ts';
import type { Instruction } from './instruction.ts';

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** Instructions that put nothing into the register that their second, or third, operand would be. */
const KEEPS_SECOND =
  words(`AggFinal AggStep AggInverse AutoCommit Close Column Compare CursorHint DeferredSeek Delete EndCoroutine
  Eq Explain FilterAdd FinishSeek Found Function PureFunc Ge Gosub Goto Gt Halt HaltIfNull IdxDelete IdxGE IdxGT IdxInsert IdxLE
  IdxLT If IfNot IfNullRow IfPos Init InitCoroutine Insert IsNull Jump Last Le Lt MakeRecord MustBeInt Ne Next NoConflict Noop
  NotExists NotFound NotNull NullRow Once OpenAutoindex OpenDup OpenEphemeral OpenPseudo OpenRead OpenWrite ParseSchema Permutation
  Prev ReopenIdx ResetSorter ResultRow Return Rewind SeekGE SeekGT SeekHit SeekLE SeekLT SeekRowid SeekScan SetCookie SorterInsert
  SorterNext SorterOpen SorterSort TableLock Transaction VColumn VFilter VNext VOpen Yield Affinity ReleaseReg Expire Filter
  ElseEq DecrJumpZero IfNotZero IsType CollSeq ReadCookie`);
const KEEPS_THIRD =
  words(`AggStep AggInverse AutoCommit Close Compare CursorHint Delete EndCoroutine Eq Explain FilterAdd FinishSeek
  Found Ge Gosub Goto Gt Halt HaltIfNull IdxDelete IdxGE IdxGT IdxInsert IdxLE IdxLT If IfNot IfNullRow IfPos Init Insert Integer
  IsNull Last Le Lt MustBeInt Ne Next NoConflict Noop NotExists NotFound NotNull NullRow Once OpenAutoindex OpenDup OpenEphemeral
  OpenPseudo OpenRead OpenWrite ParseSchema Permutation Prev ReopenIdx ResetSorter ResultRow Return Rewind SeekGE SeekGT SeekHit
  SeekLE SeekLT SeekRowid SeekScan SetCookie SorterInsert SorterNext SorterOpen SorterSort String8 TableLock Transaction VFilter
  VNext VOpen Yield Affinity ReleaseReg Expire Filter ElseEq DecrJumpZero IfNotZero IsType CollSeq SCopy IntCopy Rowid IdxRowid
  NewRowid Real Variable Null Copy Move`);

/** Registers that one instruction fills that is looked at. */
const MAX_FILLED = 1000;

/** Makes texts of any length: a width, or a precision, of its own or from a value. */
const WIDE = /\*|\d{4}/;

/** The constants that a program puts into registers where nothing else is put. */
export class Constants {
  readonly #values = new Map<number, string | number | null>();

  constructor(code: readonly Instruction[]) {
    for (const { name, p1, p2, p3, p4 } of code) {
      if (name === 'String8') this.#put(p2, p4);
      else if (name === 'Integer') this.#put(p2, p1);
      else if (name === 'Null') this.#fill(p2, Math.max(p2, p3));
      else if (name === 'Move' || name === 'Copy') this.#fill(p2, p2 + p3);
      else {
        if (!KEEPS_SECOND.has(name)) this.#fill(p2, p2);
        if (!KEEPS_THIRD.has(name)) this.#fill(p3, p3);
      }
    }
  }

  #put(register: number, value: string | number): void {
    this.#values.set(register, this.#values.has(register) ? null : value);
  }

  #fill(from: number, to: number): void {
    for (let register = from; register <= Math.min(to, from + MAX_FILLED); register++) {
      this.#values.set(register, null);
    }
  }

  /** Returns the length of what a function looks for, or is to make; null if it is not known. */
  soughtBy({ p2, p4 }: Instruction, kind: FunctionKind): number | null {
    if (kind === 'search') {
      const isPattern = /^(?:like|glob|match|regexp)/i.test(p4);
      const length = this.#lengthAt(isPattern ? p2 : p2 + 1);
      if (!/^replace/i.test(p4)) return length;
      // What is put in its place may be longer.
      const made = this.#lengthAt(p2 + 2);
      return length === null || made === null || made > Math.max(1, length) ? null : length;
    }
    if (kind !== 'maker') return null;
    const value = this.#values.get(p2) ?? null;
    if (typeof value === 'number') return value < 4096 ? value : null;
    if (value === null || /blob/i.test(p4) || WIDE.test(value)) return null;
    return value.length;
  }

  #lengthAt(register: number): number | null {
    const value = this.#values.get(register) ?? null;
    return typeof value === 'string' ? Buffer.byteLength(value) : null;
  }
}
