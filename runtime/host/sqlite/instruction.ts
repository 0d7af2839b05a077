/** An instruction as `EXPLAIN` gives it: its address, its name, three operands, a fourth of any type, and flags. */
export interface Instruction {
  readonly name: string;
  readonly p1: number;
  readonly p2: number;
  readonly p3: number;
  readonly p4: string;
  readonly p5: number;
}

/** The statement, a trigger, or what a foreign key does. */
export interface Program {
  readonly isTrigger: boolean;
  readonly code: readonly Instruction[];
}

/** Splits the instructions of a statement from those of the triggers that it sets off. */
export function programsOf(code: readonly Instruction[]): Program[] {
  const programs: { isTrigger: boolean; code: Instruction[] }[] = [];
  for (const instruction of code) {
    if (instruction.name === 'Init')
      programs.push({ isTrigger: instruction.p4.startsWith('-- TRIGGER'), code: [] });
    programs.at(-1)?.code.push(instruction);
  }
  return programs;
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** Instructions whose second operand is where they may jump to. That of `Yield` is taken once, at the end. */
const JUMPS =
  words(`DecrJumpZero ElseEq Eq FkIfZero Found Ge Goto Gt IdxGE IdxGT IdxLE IdxLT If IfNot IfNotOpen IfNotZero
  IfNullRow IfPos IfSizeBetween IncrVacuum IsNull IsTrue IsType Last Le Lt MustBeInt Ne Next NoConflict NotExists NotFound NotNull
  Once Prev Rewind RowSetRead RowSetTest SeekGE SeekGT SeekLE SeekLT SeekRowid SeekScan Sort SorterNext SorterSort VFilter
  VNext IfNoHope Filter IfEmpty SequenceTest`);

/** Returns the addresses that an instruction may jump to. */
export function targetsOf({ name, p1, p2, p3 }: Instruction): readonly number[] {
  if (name === 'Jump') return [p1, p2, p3];
  return JUMPS.has(name) ? [p2] : [];
}
