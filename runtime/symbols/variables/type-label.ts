import { printable } from '../../text/printable.ts';
import { At, Tag } from '../dwarf/constants.ts';
import type { Die } from '../dwarf/die.ts';

/** Types within types; deeper ones are circles, or nobody reads their names. */
const MAX_DEPTH = 12;
const MAX_LABEL = 2048;
const MAX_PARAMETERS = 32;
/** Types that one label is made of. */
const MAX_TYPES = 500;

/** What stands before the name of a variable of a type, and what behind: `int (*` and `)[3]`. */
type Declarator = readonly [before: string, behind: string];

/** What is the same in all parts of a label. */
interface Label {
  readonly nameOf: (die: Die) => string;
  readonly isRust: boolean;
  /** Types that it may have yet: parameters of parameters are very many soon. */
  left: number;
}

const QUALIFIERS: ReadonlyMap<number, string> = new Map([
  [Tag.constType, 'const'],
  [Tag.volatileType, 'volatile'],
  [Tag.restrictType, 'restrict'],
  [Tag.atomicType, '_Atomic'],
]);

const SIGNS: ReadonlyMap<number, string> = new Map([
  [Tag.pointerType, '*'],
  [Tag.referenceType, '&'],
  [Tag.rvalueReferenceType, '&&'],
]);

/**
 * The name of a type as it is written in its language: `const char *`, `int (*)[3]`. Null is `void`.
 * @param nameOf returns the name of a type that has one
 * @param isRust whether arrays are written as `[u8; 4]`, not as `char[4]`, pointers have their sign in front, and functions their result behind
 * @throws DwarfError
 */
export function typeLabel(die: Die | null, nameOf: (die: Die) => string, isRust: boolean): string {
  const [before, behind] = declarator(die, { nameOf, isRust, left: MAX_TYPES }, 0);
  return printable(`${before}${behind}`.slice(0, MAX_LABEL));
}

function declarator(die: Die | null, label: Label, depth: number): Declarator {
  const { nameOf, isRust } = label;
  if (die === null) return ['void', ''];
  if (depth > MAX_DEPTH || label.left === 0) return ['…', ''];
  label.left--;
  const { tag } = die;
  const name = die.name;
  if (name !== null) return [nameOf(die), ''];
  const target = () => declarator(die.type, label, depth + 1);
  const sign = SIGNS.get(tag);
  if (sign !== undefined && isRust) return [`*${target().join('')}`, ''];
  if (sign !== undefined) return pointer(die.type, target(), sign);
  const qualifier = QUALIFIERS.get(tag);
  if (qualifier !== undefined) {
    const [before, behind] = target();
    // A qualifier of a pointer stands behind its sign.
    return /[*&]$/.test(before) ? [`${before}${qualifier}`, behind] : [`${qualifier} ${before}`, behind];
  }
  switch (tag) {
    case Tag.arrayType: {
      const [before, behind] = target();
      if (isRust) return [rustArray(before + behind, counts(die)), ''];
      return [
        before,
        `${counts(die)
          .map((count) => `[${count}]`)
          .join('')}${behind}`,
      ];
    }
    case Tag.subroutineType: {
      if (isRust) {
        const result = die.type === null ? '' : ` -> ${target().join('')}`;
        return [`fn(${parameters(die, label, depth)})${result}`, ''];
      }
      const [before, behind] = target();
      return [before, `(${parameters(die, label, depth)})${behind}`];
    }
    case Tag.pointerToMemberType: {
      const container = die.reference(At.containingType);
      return pointer(die.type, target(), `${container === null ? '' : nameOf(container)}::*`);
    }
    default:
      return [ANONYMOUS.get(tag) ?? '(anonymous)', ''];
  }
}

const ANONYMOUS: ReadonlyMap<number, string> = new Map([
  [Tag.structureType, '(anonymous struct)'],
  [Tag.classType, '(anonymous class)'],
  [Tag.unionType, '(anonymous union)'],
  [Tag.enumerationType, '(anonymous enum)'],
]);

function pointer(target: Die | null, [before, behind]: Declarator, sign: string): Declarator {
  let inner = target;
  for (let i = 0; inner !== null && QUALIFIERS.has(inner.tag) && i < MAX_DEPTH; i++) inner = inner.type;
  const isWrapped =
    inner !== null &&
    inner.name === null &&
    (inner.tag === Tag.arrayType || inner.tag === Tag.subroutineType);
  if (isWrapped) return [`${before} (${sign}`, `)${behind}`];
  return [/[*&(]$/.test(before) ? `${before}${sign}` : `${before} ${sign}`, behind];
}

/** `[[u8; 2]; 3]` */
function rustArray(element: string, sizes: readonly string[]): string {
  return sizes.reduceRight((label, size) => (size === '' ? `[${label}]` : `[${label}; ${size}]`), element);
}

function counts(die: Die): string[] {
  const texts: string[] = [];
  for (const child of die.children()) {
    if (child.tag !== Tag.subrangeType) continue;
    const last = child.number(At.upperBound);
    texts.push(String(child.number(At.count) ?? (last === null ? '' : last + 1)));
    if (texts.length > MAX_DEPTH) break;
  }
  return texts;
}

function parameters(die: Die, label: Label, depth: number): string {
  const texts: string[] = [];
  for (const child of die.children()) {
    // Nobody writes the object of a method.
    if (child.flag(At.artificial)) continue;
    if (child.tag === Tag.formalParameter) texts.push(declarator(child.type, label, depth + 1).join(''));
    else if (child.tag === Tag.unspecifiedParameters) texts.push('...');
    if (texts.length > MAX_PARAMETERS || label.left === 0) break;
  }
  return texts.join(', ');
}
