import type { StructType } from '../../../runtime/internal.ts';

/** Crates of the standard library, and the one that its hash tables come from. */
const STANDARD: ReadonlySet<string | undefined> = new Set(['alloc', 'core', 'std', 'hashbrown']);

/** The name of a type without its arguments: `Vec`. */
export function baseName({ name }: StructType): string {
  return /^[^<]*/.exec(name ?? '')?.[0] ?? '';
}

/** The name of a type of the standard library, without its arguments; null for others. */
export function standardName(type: StructType): string | null {
  // Types such as `&str` and `alloc::boxed::Box<str>` have all that in their name.
  return STANDARD.has(type.scope[0]) ? baseName(type) : null;
}
