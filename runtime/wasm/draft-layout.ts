/**
 * The memory `lunatic:kernel`.`draft`, which all guests of a scheduler share and none sees: the message in the scratch
 * area (abi 6.1) of the process that has the turn, as long as it is short and holds nothing but bytes.
 *
 *     0      8        12         16    24         64                      128
 *     +------+--------+----------+-----+----------+-----------------------+
 *     | state | length | position | tag | receiver | the message's bytes   |
 *     +------+--------+----------+-----+----------+-----------------------+
 */
export const DRAFT_AT = {
  /** See `DraftState`; i32, as `length` and `position`. */
  state: 0,
  length: 8,
  /** Never beyond the length: a message whose position is can be no draft. */
  position: 12,
  /** i64, as `receiver`. */
  tag: 16,
  receiver: 24,
  bytes: 64,
} as const;

/** Bytes of a message that can be a draft. */
export const DRAFT_CAPACITY = 64;

export const DraftState = {
  /** The host knows what is in the scratch area. */
  Host: 0,
  /** The draft is what is in the scratch area. */
  Open: 1,
  /** The draft was sent to `receiver`, which the host has yet to do; the scratch area is empty. */
  Sent: 2,
  /** The scratch area is empty. */
  Empty: 3,
} as const;
export type DraftState = (typeof DraftState)[keyof typeof DraftState];
