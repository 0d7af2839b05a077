/** Pointers as C has them: they are followed, count in elements, and may be NULL. */
import type { Code, Context } from './code.ts';
import { ExpressionError } from './expression-error.ts';
import { inMemory } from './memory-code.ts';
import { aType, sizeOf, type Type } from './type.ts';

type PointerType = Extract<Type, { readonly kind: 'pointer' }>;
type Address<In extends Context> = (context: In) => number;

/**
 * @param to what is at an address, as the type that is pointed to
 * @param name how the pointer is called where it is NULL; undefined where it may be followed to 0
 */
export function pointerCode<In extends Context>(
  type: PointerType,
  value: Address<In>,
  to: (address: Address<In>) => Code<In> = (address) => inMemory(type.to, address),
  name?: string,
): Code<In> {
  const start = name === undefined ? value : notNull(value, name);
  return {
    ...{ type, value, to },
    ...(name === undefined ? {} : { called: (other) => pointerCode(type, value, to, other) }),
    target: () => to(start),
    // As in Rust, members of what is pointed to are named as if they were here.
    member: (member) => to(start).member?.(member),
    element(index) {
      const size = sizeOf(type.to);
      if (size === undefined) throw new ExpressionError(`the elements of ${aType(type)} cannot be read`);
      return to((context) => start(context) + index(context) * size);
    },
  };
}

/** An address that must not be 0. */
export function notNull<In extends Context>(address: Address<In>, name: string): Address<In> {
  return (context) => {
    const at = address(context);
    if (at === 0) throw new ExpressionError(`${name} is NULL`);
    return at;
  };
}

/** An array as the pointer to its first element that it is in arithmetic; anything else as it is. */
export function decayed<In extends Context>(code: Code<In>): Code<In> {
  const { type, address, to } = code;
  if (type.kind !== 'array' || address === undefined) return code;
  return pointerCode({ kind: 'pointer', to: type.of }, address, to);
}

/** The address of a value as a pointer to it. */
export function pointerTo<In extends Context>({ type, address, again }: Code<In>): Code<In> {
  if (address === undefined) throw new ExpressionError('only what is in memory has an address');
  return pointerCode({ kind: 'pointer', to: type }, address, again);
}
