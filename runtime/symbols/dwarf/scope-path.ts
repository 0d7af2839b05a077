import { printable } from '../../text/printable.ts';
import { Tag } from './constants.ts';
import type { Die } from './die.ts';
import type { Dwarf } from './dwarf.ts';
import type { Unit } from './unit.ts';

/** Scopes around a declaration whose names are part of its name. */
const MAX_SCOPES = 32;

/** The names of the namespaces, types and functions around the declaration of an entry, outermost first. @throws DwarfError */
export function scopePath(dwarf: Dwarf, unit: Unit, die: Die): string[] {
  let declared = die;
  for (const origin of die.origins()) declared = origin;
  const home = declared.unit === unit ? unit : unit.home.unitAt(declared.offset);
  const path: string[] = [];
  if (home === null) return path;
  const functions = dwarf.functionsOf(home);
  let scope = functions.scopeOf(declared.offset);
  for (let count = 0; scope >= 0 && count < MAX_SCOPES; count++) {
    const around = home.dieAt(scope);
    const name = around?.name ?? (around?.tag === Tag.namespace ? '(anonymous namespace)' : '(anonymous)');
    path.push(printable(name));
    scope = functions.scopeOf(scope);
  }
  return path.reverse();
}
