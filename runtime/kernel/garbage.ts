import { setFlag } from './v8-flags.ts';

let collect: (() => void) | undefined = globalThis.gc;

/** Collects all garbage, whatever flags this Node was started with. */
export function collectGarbage(): void {
  collect ??= findCollector();
  collect();
}

/** V8 shows its collector to contexts that are made while this flag is set. */
function findCollector(): () => void {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  setFlagsFromString('--expose-gc');
  const gc: unknown = process.getBuiltinModule('node:vm').runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return typeof gc === 'function' ? () => void gc() : () => {};
}

/** Versions of V8 that know the flag below. They report a flag that they do not know. */
const KNOWS_FLAG = /^1[34]\./;
const FLAG = 'external-memory-accounted-in-global-limit';

/**
 * Prepares V8 for many instances. Each counts as some hundred bytes of external memory for each of its functions, and V8
 * collects all garbage after every 64 MB of such memory, however much of it is in use. With 10,000 waiting processes, each
 * of these collections takes a tenth of a second. With the flag, external memory counts like the heap: V8 lets it grow by a
 * share of what is in use.
 */
export function prepareForManyInstances(): void {
  if (!KNOWS_FLAG.test(process.versions.v8)) return;
  setFlag(`--${FLAG}`, `--no-${FLAG}`);
}
