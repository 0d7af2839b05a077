/** Something outside that a process waits for: see `Scheduler.waitFor`. */
export interface Operation {
  /** Begins it. It must end later by `makeReady`, not during this call. */
  begin(): void;
  /** Called when the process is killed: `makeReady` must not be called any more. */
  readonly giveUp: () => void;
}
