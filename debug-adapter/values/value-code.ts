import { type Code, type Context, ExpressionError, type ExpressionType } from '../../runtime/internal.ts';
import type { Shower } from './show-value.ts';
import type { Value } from './value.ts';

/** The sizes of integers that can be calculated with. */
const SIZES = [1, 2, 4, 8, 16] as const;

/** Values that were read before need no memory. */
export const NO_MEMORY: Context = { memory: new DataView(new ArrayBuffer(0)) };

export function constantOf(value: number | bigint): Code<Context> {
  return { type: { kind: 'integer', isSigned: true }, value: () => value };
}

/** A value as expressions calculate with it. @throws ExpressionError if it is nowhere */
export async function codeOf(shower: Shower, value: Value, asText: boolean): Promise<Code<Context>> {
  const { reader } = shower;
  const shown = await shower.show(value);
  if (value.place.kind === 'nowhere' || value.place.kind === 'unknown')
    throw new ExpressionError(`it is ${shown.text}`);
  const { scalar, string } = shown;
  const type = await reader.typeOf(scalar ?? value);
  if (string !== undefined && (asText || type?.kind !== 'pointer' || scalar === undefined))
    return { type: { kind: 'text' }, value: () => string };
  const bits = scalar === undefined ? null : await reader.bits(scalar);
  if (scalar === undefined || type === null || bits === null)
    return { type: { kind: 'record', name: (await labelOf(shower, value)) ?? 'value' } };
  const width = scalar.bits?.size ?? 8 * (type.size ?? 4);
  switch (type.kind) {
    case 'pointer':
      return { type: { kind: 'pointer', to: { kind: 'record', name: 'value' } }, value: () => Number(bits) };
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
  const number = width === 32 ? view.getFloat32(0, true) : view.getFloat64(0, true);
  return { type: { kind: 'float', bytes: width === 32 ? 4 : 8 }, value: () => number };
}
