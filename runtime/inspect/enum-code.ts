import { type Code, ExpressionError, inMemory, type Type, type Variants } from '../expressions/index.ts';
import type { CallContext } from './call-context.ts';
import { COVER, MAX_DEPTH } from './parts-text.ts';
import type { ValueType } from './protocol.ts';
import type { Address } from './words.ts';

type EnumType = Extract<ValueType, { readonly kind: 'enum' }>;
type VariantType = EnumType['variants'][number];

/** Names of variants that a message has. */
const MOST_NAMES = 10;

/**
 * An enum at an address.
 * @param codeAt returns what is of a type of the list at an address
 * @param hasPart tells whether a type of the list is a structure with a part of this name
 */
export function enumCode(
  info: EnumType,
  type: Type,
  address: Address,
  codeAt: (type: number, address: Address) => Code<CallContext>,
  hasPart: (type: number, name: string) => boolean,
): Code<CallContext> {
  const indexOf = variantIndex(info);
  const indexAt: Address = (context) => indexOf(context, address(context));
  const inside = (variant: VariantType): Code<CallContext> => {
    const index = info.variants.indexOf(variant);
    return codeAt(variant.type, (context) => {
      // Once: where it is may depend on what enums around it are.
      const at = address(context);
      const found = indexOf(context, at);
      if (found !== index)
        throw new ExpressionError(`it is ${info.variants[found]?.name ?? 'no variant'}, not ${variant.name}`);
      return at + variant.at;
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
      if (variant === undefined) return 'a variant that is not described';
      return depth >= MAX_DEPTH
        ? variant.name
        : (inside(variant).text?.(context, depth + COVER) ?? variant.name);
    },
    member(name) {
      const variant = info.variants.find((candidate) => candidate.name === name);
      if (variant !== undefined) return inside(variant);
      // Parts are those of the variant that it is.
      const [only, ...others] = info.variants.filter((candidate) => hasPart(candidate.type, name));
      if (others.length > 0)
        throw new ExpressionError(
          `several variants have ${name}: name one of them, as in ${info.variants[0]?.name}.${name}`,
        );
      return only === undefined ? undefined : inside(only).member?.(name);
    },
  };
}

/** Tells which variant an enum at an address is: its place in the list of these; -1 for none. */
function variantIndex({ tag, variants }: EnumType): (context: CallContext, address: number) => number {
  if (tag === undefined) return () => 0;
  let at = 0;
  const { value } = inMemory<CallContext>({ kind: 'integer', bytes: tag.bytes, isSigned: false }, () => at);
  const other = variants.findIndex(({ tags }) => tags === undefined);
  const byTag = new Map(variants.flatMap(({ tags = [] }, i) => tags.map((text) => [text, i] as const)));
  return (context, address) => {
    at = address + tag.at;
    return byTag.get(String(value?.(context))) ?? other;
  };
}
