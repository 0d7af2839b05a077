/** Flags that the scheduler's V8 runs with where there may be many processes. */
export const V8_FLAGS: readonly string[] = [
  // Every minor collection scans the stacks of all waiting processes: make them rare.
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
  // Lets the kernel collect what ended processes left before it refuses a spawn.
  '--expose-gc',
];

/** Whether this Node can suspend wasm: JavaScript Promise Integration, in Node 24.21 and 26 without a flag. */
export function hasJspi(): boolean {
  return typeof WebAssembly === 'object' && 'Suspending' in WebAssembly;
}
