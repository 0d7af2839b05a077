/** What the model says of a trace, in sentences. */
export interface Verdict {
  /** What must not happen. */
  readonly violations: readonly string[];
  /** What must still happen. */
  readonly due: readonly string[];
}
