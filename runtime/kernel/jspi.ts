/** MiB of each half of V8's young generation. */
export const SEMI_SPACE = 128;

/** The percentage of that which is used before it is collected: see `YoungGeneration`. */
export const USUAL_TRIGGER = 5;

/** Flags for V8 if there may be many processes. */
export const V8_FLAGS: readonly string[] = [
  // Every minor collection scans the stacks of all waiting processes, so there should be few if there are many processes. V8
  // takes this size when it starts, the trigger at any time. Only what is used is real memory.
  `--min-semi-space-size=${SEMI_SPACE}`,
  `--max-semi-space-size=${SEMI_SPACE}`,
  `--minor-gc-task-trigger=${USUAL_TRIGGER}`,
  // The kernel collects what processes that have ended left behind, see garbage.ts. Without the flag it makes a context for it.
  '--expose-gc',
];

/** Whether this Node can suspend wasm: JavaScript Promise Integration, in Node 24.21 and 26 without a flag. */
export function hasJspi(): boolean {
  return typeof WebAssembly === 'object' && 'Suspending' in WebAssembly;
}
