import { type Code, ExpressionError, inMemory, type Type, type Variants } from '../expressions/index.ts';
import type { CallContext } from './call-context.ts';
import type { ValueType } from './protocol.ts';
import type { Address } from './words.ts';

type EnumType = Extract<ValueType, { readonly kind: 'enum' }>;
type VariantType = EnumType['variants'][number];

/** Names of variants that a message has. */
const MOST_NAMES = 10;

/**
 * An enum at an address.
 * @param codeAt returns what is of a type of the list at an address
 */
export function enumCode(
  info: EnumType,
  type: Type,
  address: Address,
  codeAt: (type: number, address: Address) => Code<CallContext>,
): Code<CallContext> {
  const indexAt = variantIndex(info, address);
  const inside = (variant: VariantType): Code<CallContext> => {
    const index = info.variants.indexOf(variant);
    return codeAt(variant.type, (context) => {
      const found = indexAt(context);
      if (found !== index)
        throw new ExpressionError(`it is ${info.variants[found]?.name ?? 'no variant'}, not ${variant.name}`);
      return address(context) + variant.at;
    });
  };
  const variants: Variants<CallContext> = {
    names: info.variants.slice(0, MOST_NAMES).map(({ name }) => name),
    find(name) {
      const index = info.variants.findIndex((variant) => variant.name === name);
      const variant = info.variants[index];
      if (variant === undefined) return undefined;
      const record = inside(variant);
      return { isIt: (context) => indexAt(context) === index, fields: record.fields?.() ?? [] };
    },
  };
  return {
    type,
    address,
    variants,
    text(context, depth) {
      const variant = info.variants[indexAt(context)];
      const record = variant === undefined ? undefined : inside(variant);
      return record?.text?.(context, depth) ?? variant?.name ?? 'a variant that is not described';
    },
    member(name) {
      const variant = info.variants.find((candidate) => candidate.name === name);
      if (variant !== undefined) return inside(variant);
      // Parts are those of the variant that it is.
      const found = info.variants.flatMap((candidate) => inside(candidate).member?.(name) ?? []);
      if (found.length > 1)
        throw new ExpressionError(
          `several variants have ${name}: name one of them, as in ${info.variants[0]?.name}.${name}`,
        );
      return found[0];
    },
  };
}

/** The place of the variant that an enum is in the list of these; -1 if it is none. */
function variantIndex({ tag, variants }: EnumType, address: Address): (context: CallContext) => number {
  if (tag === undefined) return () => 0;
  const { value } = inMemory<CallContext>(
    { kind: 'integer', bytes: tag.bytes, isSigned: false },
    (context) => address(context) + tag.at,
  );
  const other = variants.findIndex(({ tags }) => tags === undefined);
  const byTag = new Map(variants.flatMap(({ tags = [] }, i) => tags.map((text) => [text, i] as const)));
  return (context) => byTag.get(String(value?.(context))) ?? other;
}
