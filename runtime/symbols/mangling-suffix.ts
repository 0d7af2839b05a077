/**
 * What optimisers append to a mangled symbol. Both manglings end at a known place, so anything after it was
 * added by a later tool.
 */

/** Marks a copy that link-time optimisation made of a private function: a module number, of no use to readers. */
const LLVM_COPY = /\.llvm\.[0-9A-Fa-f@]+(?=\.|$)/g;

/**
 * Returns the part of `suffix` that is worth reading: `.cold` or `.part.0` as they are, since they tell pieces of one
 * function apart; an empty text for no suffix. Returns undefined if it is not a suffix, so that the symbol is something
 * else.
 */
export function readableSuffix(suffix: string): string | undefined {
  if (suffix === '') return '';
  if (!/^[.$][!-~]+$/.test(suffix)) return undefined;
  return suffix.replace(LLVM_COPY, '');
}
