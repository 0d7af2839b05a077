/**
 * Where things are in the memory `lunatic:kernel`.`draft`, which all guests of a scheduler share but cannot see. It
 * holds the message in the scratch area (abi 6.1) of the running process while that is short and nothing but bytes.
 *
 *     0       4      8        12         16    24         32       36      40   64                      128
 *     +-------+------+--------+----------+-----+----------+--------+-------+----+-----------------------+
 *     | state | work | length | position | tag | receiver | answer | waits |    | the message's bytes   |
 *     +-------+------+--------+----------+-----+----------+--------+-------+----+-----------------------+
 */
export const DRAFT_AT = {
  /** A `DraftState`. It is an i32, like `length` and `position`. */
  state: 0,
  /** What host calls may still do in this turn, as an i32; below 0 if the turn is over. It has nothing to do with the message. */
  work: 4,
  length: 8,
  /** It is never beyond the length: a message whose position is beyond it cannot be a draft. */
  position: 12,
  /** It is an i64, like `receiver`. */
  tag: 16,
  receiver: 24,
  /**
   * What the host call returns that goes on next and was resumed with `WAIT_AGAIN`, as an i32; `WAIT_AGAIN` if the host has to be
   * asked. It has nothing to do with the message either.
   */
  answer: 32,
  /** 1 if the host call that has just returned has to wait for its result, as an i32; else 0. See `DeferredWait`. */
  waits: 36,
  bytes: 64,
} as const;

/** The most bytes that a message may have to be a draft. */
export const DRAFT_CAPACITY = 64;

export const DraftState = {
  /** The host knows what is in the scratch area. */
  Host: 0,
  /** The draft is what is in the scratch area. */
  Open: 1,
  /** The guest has sent the draft to `receiver`, and the host has yet to deliver it. The scratch area is empty. */
  Sent: 2,
  /** The scratch area is empty. */
  Empty: 3,
} as const;
export type DraftState = (typeof DraftState)[keyof typeof DraftState];
