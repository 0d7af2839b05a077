import { Step } from './abbreviations.ts';
import type { ByteCursor } from './byte-cursor.ts';
import { skipForm } from './encoding.ts';
import type { UnitContext } from './unit-context.ts';

/** Moves the cursor from the beginning of an entry behind it and all that is below it. @throws DwarfError */
export function skipDie(cursor: ByteCursor, unit: UnitContext): void {
  const { abbreviations } = unit;
  let depth = 0;
  do {
    const code = cursor.uleb();
    if (code === 0) {
      depth--;
      continue;
    }
    const index = abbreviations.indexOf(code);
    skipAttributes(cursor, unit, index);
    depth += abbreviations.hasChildren[index] ?? 0;
  } while (depth > 0 && !cursor.atEnd);
}

/** Moves the cursor over the attributes of an entry. @throws DwarfError */
export function skipAttributes(cursor: ByteCursor, unit: UnitContext, abbreviation: number): void {
  const { steps, first } = unit.plan;
  const last = first[abbreviation + 1] ?? 0;
  for (let at = first[abbreviation] ?? 0; at < last; at++) {
    const argument = steps[2 * at + 1] ?? 0;
    if (steps[2 * at] === Step.skip) cursor.skip(argument);
    else skipForm(cursor, argument, unit);
  }
}
