/**
 * The tag of a message or of a link, which is an i64 to guests. It is a number if a number holds it exactly, since a BigInt
 * is an allocation, and a BigInt otherwise. Each tag has one form, so `===` and sets tell whether two tags are the same.
 */
export type Tag = number | bigint;

/** A tag of 0 means "none": it never matches a filter (abi 3.6). */
export const NO_TAG: Tag = 0;

const TWO_32 = 2 ** 32;
/** High halves of the integers that numbers hold exactly are from -2^21 up to this: 2^53 / 2^32. */
const MAX_HIGH = 2 ** 21;

/** Makes a tag of the two halves of an i64. */
export function tagFromHalves(low: number, high: number): Tag {
  if (high === low >> 31) return low;
  if (high >= -MAX_HIGH && high < MAX_HIGH) return high * TWO_32 + (low >>> 0);
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}

/** The low half of a tag, as a signed number. */
export function lowHalf(tag: Tag): number {
  return typeof tag === 'number' ? tag | 0 : Number(BigInt.asIntN(32, tag));
}

/** The high half of a tag, as a signed number. */
export function highHalf(tag: Tag): number {
  if (typeof tag !== 'number') return Number(BigInt.asIntN(32, tag >> 32n));
  return (tag | 0) === tag ? tag >> 31 : Math.floor(tag / TWO_32);
}

export function tagFromGuest(value: bigint): Tag {
  return tagFromHalves(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
}

export function tagToGuest(tag: Tag): bigint {
  return BigInt(tag);
}
