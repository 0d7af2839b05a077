import { printable } from '../../text/printable.ts';
import { ByteCursor } from '../dwarf/byte-cursor.ts';
import { At, Tag } from '../dwarf/constants.ts';
import type { Die } from '../dwarf/die.ts';
import { Op } from '../dwarf/operations.ts';
import type { Member, StructType, TypeArgument, TypeId, Variant, VariantPart } from './type-info.ts';

/** More parts of a structure are not read. */
const MAX_PARTS = 4096;
const MAX_NAME = 1024;

const FORMS: ReadonlyMap<number, StructType['form']> = new Map([
  [Tag.classType, 'class'],
  [Tag.unionType, 'union'],
]);

type TypeOf = (die: Die) => TypeId | null;

/** A structure but for what all types have. */
export type StructParts = Omit<StructType, 'label' | 'name' | 'scope' | 'size'>;

/** Reads what a structure, class or union consists of. @throws DwarfError */
export function readStruct(die: Die, typeOf: TypeOf): StructParts {
  // A declaration may stand for a type unit. What completes a declaration has the parts itself.
  let whole = die;
  for (const origin of die.origins()) {
    whole = origin;
    if (!origin.flag(At.declaration) && !origin.has(At.signature)) break;
  }
  const bases: Member[] = [];
  const members: Member[] = [];
  const found: TypeArgument[] = [];
  let variantPart: VariantPart | null = null;
  let parts = 0;
  for (const child of whole.children()) {
    if (++parts > MAX_PARTS) break;
    switch (child.tag) {
      case Tag.member:
        if (!isStatic(child)) members.push(memberOf(child, typeOf));
        break;
      case Tag.inheritance:
        bases.push({ ...memberOf(child, typeOf), ...virtualOf(child) });
        break;
      case Tag.templateTypeParameter:
        found.push({ name: nameOf(child), type: typeOf(child), value: null });
        break;
      case Tag.templateValueParameter:
        found.push({ name: nameOf(child), type: typeOf(child), value: child.bigint(At.constValue, true) });
        break;
      case Tag.variantPart:
        variantPart = variantPartOf(child, typeOf);
        break;
    }
  }
  return {
    kind: 'struct',
    form: FORMS.get(die.tag) ?? 'struct',
    bases,
    members,
    variantPart,
    arguments: found,
    isDeclaration: whole.flag(At.declaration),
  };
}

/** Static members of C++ are no part of an object. */
function isStatic(die: Die): boolean {
  return die.flag(At.declaration) || die.flag(At.external);
}

function memberOf(die: Die, typeOf: TypeOf): Member {
  const bitSize = die.number(At.bitSize);
  return {
    name: nameOf(die),
    type: typeOf(die),
    bitOffset: bitOffsetOf(die, bitSize),
    bitSize,
    line: die.number(At.declLine),
  };
}

function bitOffsetOf(die: Die, bitSize: number | null): number | null {
  const dataBitOffset = die.number(At.dataBitOffset);
  if (dataBitOffset !== null) return dataBitOffset;
  const offset = byteOffsetOf(die);
  if (offset === null) return null;
  const fromHighest = die.number(At.bitOffset);
  if (fromHighest === null || bitSize === null) return 8 * offset;
  // Before DWARF 4, bits were counted from the highest of the unit that they are stored in.
  const unit = die.number(At.byteSize) ?? die.type?.number(At.byteSize) ?? 0;
  return 8 * offset + 8 * unit - fromHighest - bitSize;
}

function byteOffsetOf(die: Die): number | null {
  if (!die.has(At.dataMemberLocation)) return 0;
  const offset = die.number(At.dataMemberLocation);
  if (offset !== null) return offset;
  // Older producers wrote a constant as an expression. Bases that are virtual have longer ones.
  const expression = die.block(At.dataMemberLocation);
  if (expression?.[0] !== Op.plusUconst) return null;
  const cursor = new ByteCursor(expression, 1);
  const added = cursor.uleb();
  return cursor.atEnd ? added : null;
}

/**
 * Of a virtual base: how far before the vtable the distance to it stands. Its place is an expression: the address and, on top of it, that
 * of the vtable less this number, whose content is added.
 */
function virtualOf(die: Die): Pick<Member, 'beforeVtable'> {
  const expression = die.block(At.dataMemberLocation);
  if (expression?.[0] !== Op.dup || expression[1] !== Op.deref || expression[2] !== Op.constu) return {};
  const cursor = new ByteCursor(expression, 3);
  const beforeVtable = cursor.uleb();
  const rest = [Op.minus, Op.deref, Op.plus];
  return rest.every((op) => !cursor.atEnd && cursor.u8() === op) && cursor.atEnd ? { beforeVtable } : {};
}

function variantPartOf(die: Die, typeOf: TypeOf): VariantPart {
  const discriminant = die.reference(At.discr);
  const variants: Variant[] = [];
  for (const child of die.children()) {
    if (child.tag !== Tag.variant) continue;
    if (variants.length === MAX_PARTS) break;
    const value = child.bigint(At.discrValue);
    const members: Member[] = [];
    for (const part of child.children()) {
      if (part.tag === Tag.member) members.push(memberOf(part, typeOf));
      if (members.length === MAX_PARTS) break;
    }
    variants.push({ discriminants: value === null ? null : [value], members });
  }
  return { discriminant: discriminant === null ? null : memberOf(discriminant, typeOf), variants };
}

function nameOf(die: Die): string | null {
  const { name } = die;
  return name === null ? null : printable(name.slice(0, MAX_NAME));
}
