import {
  type Code,
  type Context,
  ExpressionError,
  type ExpressionType,
  type PointerType,
  type Variants,
} from '../../runtime/internal.ts';
import { quadruple } from './scalar-text.ts';
import type { Shower } from './show-value.ts';
import type { Value } from './value.ts';

/** The sizes of integers that can be calculated with. */
const SIZES = [1, 2, 4, 8, 16] as const;

/** Enums in enums, and values in a variant, that expressions know. */
const MOST_LEVELS = 8;
const MOST_FIELDS = 20;

/** Values that were read before need no memory. */
export const NO_MEMORY: Context = { memory: new DataView(new ArrayBuffer(0)) };

export function constantOf(value: number | bigint): Code<Context> {
  return { type: { kind: 'integer', isSigned: true }, value: () => value };
}

/** A value as expressions calculate with it. @throws ExpressionError if it is nowhere */
export async function codeOf(
  shower: Shower,
  value: Value,
  asText: boolean,
  depth = 0,
): Promise<Code<Context>> {
  const { reader } = shower;
  const shown = await shower.show(value);
  if (value.place.kind === 'nowhere' || value.place.kind === 'unknown')
    throw new ExpressionError(`it is ${shown.text}`);
  const { scalar, string } = shown;
  const type = await reader.typeOf(scalar ?? value);
  if (string !== undefined && (asText || type?.kind !== 'pointer' || scalar === undefined))
    return { type: { kind: 'text' }, value: () => string };
  const bits = scalar === undefined ? null : await reader.bits(scalar);
  if (scalar === undefined || type === null || bits === null) {
    const variants = await variantsOf(shower, value, depth);
    return {
      type: { kind: 'record', name: (await labelOf(shower, value)) ?? 'value' },
      ...(variants === null ? {} : { variants }),
    };
  }
  const width = scalar.bits?.size ?? 8 * (type.size ?? 4);
  switch (type.kind) {
    case 'pointer':
      return { type: { kind: 'pointer', to: await pointedTo(shower, type) }, value: () => Number(bits) };
    case 'base':
      if (type.encoding === 'boolean') return { type: { kind: 'boolean' }, value: () => bits !== 0n };
      if (type.encoding === 'float') return floatCode(bits, width);
      if (type.encoding === 'complex') return { type: { kind: 'record', name: type.label } };
      if (type.name === 'char' && type.size === 4)
        return { type: { kind: 'character' }, value: () => Number(bits) };
      return integerCode(bits, width, type.isSigned);
    default: {
      const underlying = type.kind === 'enum' ? await reader.types.resolve(type.underlying) : null;
      return integerCode(bits, width, underlying?.kind === 'base' && underlying.isSigned);
    }
  }
}

/** Of an enum of Rust, also behind references: the variant that it is, and the names of the others; null for anything else. */
async function variantsOf(shower: Shower, value: Value, depth: number): Promise<Variants<Context> | null> {
  const { reader } = shower;
  let at: Value | undefined = value;
  let type = await reader.typeOf(at);
  for (let count = 0; type?.kind === 'pointer' && count < MOST_LEVELS; count++) {
    at = (await shower.show(at)).target;
    if (at === undefined) return null;
    type = await reader.typeOf(at);
  }
  if (type?.kind !== 'struct' || type.variantPart === null || depth === MOST_LEVELS) return null;
  const names = type.variantPart.variants.flatMap(({ members }) => members[0]?.name ?? []);
  const present = await reader.variant(at, type);
  const part = present === null ? null : reader.part(at, present);
  const inside = part === null ? null : await reader.typeOf(part);
  const fields: Code<Context>[] = [];
  if (part !== null && inside?.kind === 'struct')
    for (const member of inside.members.slice(0, MOST_FIELDS)) {
      const field = reader.part(part, member);
      if (field !== null) fields.push(await codeOf(shower, field, true, depth + 1));
    }
  return {
    names: names.slice(0, MOST_FIELDS),
    find(name) {
      if (!names.includes(name)) return undefined;
      return name === present?.name ? { isIt: () => true, fields } : { isIt: () => false, fields: null };
    },
  };
}

/** What is pointed to, of which the size is all that calculations need. */
async function pointedTo({ reader }: Shower, { target }: PointerType): Promise<ExpressionType> {
  const bytes = await reader.types.sizeOf(target);
  return { kind: 'record', name: 'value', ...(bytes === null ? {} : { bytes }) };
}

/** How the type of a value is called where it is declared. */
async function labelOf({ reader }: Shower, { type }: Value): Promise<string | undefined> {
  return type === null ? undefined : (await reader.types.get(type))?.label;
}

function integerCode(bits: bigint, width: number, isSigned: boolean): Code<Context> {
  const number = isSigned ? BigInt.asIntN(width, bits) : BigInt.asUintN(width, bits);
  const exact = Number.isSafeInteger(Number(number)) ? Number(number) : number;
  const bytes = SIZES.find((size) => 8 * size >= width) ?? 16;
  const type: ExpressionType = { kind: 'integer', bytes, isSigned };
  return { type, value: () => exact };
}

function floatCode(bits: bigint, width: number): Code<Context> {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt.asUintN(64, bits), true);
  const number =
    width === 128 ? quadruple(bits) : width === 32 ? view.getFloat32(0, true) : view.getFloat64(0, true);
  return { type: { kind: 'float', bytes: width === 32 ? 4 : 8 }, value: () => number };
}
