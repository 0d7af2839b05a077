import fc from 'fast-check';
import {
  EXITS,
  type ModelProgram,
  NAMES,
  normalize,
  OPERATIONS,
  type Operation,
  SLOTS,
  TAGS,
} from './program.ts';

const to = fc.nat({ max: SLOTS - 1 });
const tag = fc.nat({ max: TAGS - 1 });
const name = fc.nat({ max: NAMES - 1 });
/** Milliseconds. */
const time = fc.nat({ max: 2 });
/** Messages at once. */
const count = fc.integer({ min: 1, max: 4 });
/** True is rarer. */
const rarely = fc.nat({ max: 3 }).map((n) => n === 3);

const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('spawn' as const), to, isLinked: fc.boolean() }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('send' as const), to, tag, count }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('receive' as const), tag, timeout: time, count }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('link' as const), to }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unlink' as const), to }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('monitor' as const), to }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stop monitoring' as const), to }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const), to }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('exists' as const), to }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('die when link dies' as const), on: rarely }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('put' as const), name, to }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('get' as const), name }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('send to name' as const), name, tag }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sleep' as const), time }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compute' as const), time }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('exit' as const), how: fc.constantFrom(...EXITS) }) },
);

/** Who lets links take it along soon tells nothing more: half of the scripts begin with not doing so. */
const anyScript = fc
  .tuple(fc.boolean(), fc.array(anyOperation, { maxLength: OPERATIONS - 1, size: 'max' }))
  .map(([survives, script]) =>
    survives ? [{ kind: 'die when link dies' as const, on: false }, ...script] : script,
  );

/** Any program. */
export const anyProgram: fc.Arbitrary<ModelProgram> = fc
  .record({
    first: fc.integer({ min: 1, max: SLOTS }),
    scripts: fc.array(anyScript, { minLength: 1, maxLength: SLOTS, size: 'max' }),
  })
  .map(({ first, scripts }) => normalize(first, scripts));
