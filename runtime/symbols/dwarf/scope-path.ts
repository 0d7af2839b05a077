import { printable } from '../../text/printable.ts';
import { Tag } from './constants.ts';
import type { Die } from './die.ts';
import type { Dwarf } from './dwarf.ts';
import type { Unit } from './unit.ts';

/** Scopes around a declaration whose names are part of its name. What is around more of them is left out. */
export const MAX_SCOPES = 32;

/** The namespaces, types and functions around the declaration of an entry, outermost first. @throws DwarfError */
export function scopesOf(dwarf: Dwarf, unit: Unit, die: Die): Die[] {
  let declared = die;
  for (const origin of die.origins()) declared = origin;
  const home = declared.unit === unit ? unit : unit.home.unitAt(declared.offset);
  const scopes: Die[] = [];
  if (home === null) return scopes;
  const functions = dwarf.functionsOf(home);
  let scope = functions.scopeOf(declared.offset);
  for (let count = 0; scope >= 0 && count < MAX_SCOPES; count++) {
    const around = home.dieAt(scope);
    if (around !== null) scopes.push(around);
    scope = functions.scopeOf(scope);
  }
  return scopes.reverse();
}

/** The names of the namespaces, types and functions around the declaration of an entry, outermost first. @throws DwarfError */
export function scopePath(dwarf: Dwarf, unit: Unit, die: Die): string[] {
  return scopesOf(dwarf, unit, die).map(({ name, tag }) =>
    printable(name ?? (tag === Tag.namespace ? '(anonymous namespace)' : '(anonymous)')),
  );
}
