import { NO_TAG, type Tag } from './tag.ts';

/** What a receive accepts: null takes any message, otherwise the tags of which one must match. */
export type TagFilter = readonly Tag[] | ReadonlySet<Tag> | null;

/** The number of tags from which on a set is faster than comparing with each. */
export const MANY_TAGS = 16;

/** Returns a filter that accepts these tags. */
export function tagFilter(tags: readonly Tag[]): TagFilter {
  return tags.length < MANY_TAGS ? tags : new Set(tags);
}

/** Whether a filtered or unfiltered receive takes a message (abi 6.2). A tag of 0 never matches. */
export function accepts(filter: TagFilter, tag: Tag): boolean {
  if (filter === null) return true;
  if (tag === NO_TAG) return false;
  if (filter instanceof Set) return filter.has(tag);
  const tags = filter as readonly Tag[];
  return tags.length === 1 ? tags[0] === tag : tags.includes(tag);
}
