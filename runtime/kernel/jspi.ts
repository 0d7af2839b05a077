/** Flags for V8 if there may be many processes. */
export const V8_FLAGS: readonly string[] = [
  // Every minor collection scans the stacks of all waiting processes, so there should be few. The young generation grows with
  // what survives in it, from 1 MB over 8 to 64: a program with few processes does without most of it.
  '--semi-space-growth-factor=8',
  '--max-semi-space-size=64',
  // The kernel collects what processes that have ended left behind, see garbage.ts. Without the flag it makes a context for it.
  '--expose-gc',
];

/** Whether this Node can suspend wasm: JavaScript Promise Integration, in Node 24.21 and 26 without a flag. */
export function hasJspi(): boolean {
  return typeof WebAssembly === 'object' && 'Suspending' in WebAssembly;
}
