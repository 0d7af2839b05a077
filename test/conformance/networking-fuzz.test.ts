import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LUNATIC_FUNCTIONS } from '../support/contract.ts';
import { networkGuest, openHandles, stop, until } from '../support/network.ts';
import { start } from '../support/program.ts';

const FUNCTIONS = LUNATIC_FUNCTIONS.filter(
  ({ module, name }) =>
    module === 'lunatic::networking' || (module === 'lunatic::message' && /^(push|take)_/.test(name)),
);

const I32 = fc.oneof(
  fc.constantFrom(0, 1, 4, 6, 8, 0x80, 0xa0, 0x200, 0xfff8, 0xffff, 0x1_0000, 0x1_ffff, -1, -8, 2 ** 31 - 1),
  fc.integer(),
);
const I64 = fc.oneof(
  fc.constantFrom(0n, 1n, 2n, 5n, -1n, 2n ** 40n),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);

/** A call of one of the functions, with any arguments. */
const CALL = fc.constantFrom(...FUNCTIONS).chain((fn) =>
  fc.tuple(...fn.params.map((type) => (type === 'i64' ? I64 : I32))).map((values) => {
    const call = `(call $${fn.module.slice('lunatic::'.length)}.${fn.name} ${values.map((value, i) => `(${fn.params[i]}.const ${value})`).join(' ')})`;
    return fn.results.length > 0 ? `(drop ${call})` : call;
  }),
);

/** What processes have before they make their call: a listener, a stream, a socket, an iterator, a message. */
const SETTING = `
  (local $l i64)
  (call $put (i64.const 0) (i64.const 0))
  (local.set $l (call $listen))
  (drop (call $connect (call $port_of (local.get $l))))
  (drop (call $accept (local.get $l)))
  (call $ok (call $networking.udp_bind (i32.const 4) (i32.const 0x80) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0xa0)))`;

describe('any function with any arguments', () => {
  test('returns, waits or traps; the runtime is not affected, and nothing stays open', async () => {
    const seed = Date.now();
    for (let round = 0; round < 4; round++) {
      const calls = fc.sample(CALL, { numRuns: 100, seed: seed + round });
      const source = networkGuest(
        `${calls.map((call, i) => `(func (export "case${i}") ${SETTING} ${call})`).join('\n')}
         (func (export "_start")
           ${calls.map((_, i) => `(drop (call $spawn (i64.const 0) (text "case${i}")))`).join('\n')}
           (call $forever))`,
        '(memory (export "memory") 2)',
      );
      const program = await start(source);
      const { environment } = program.root;
      // All have begun and made their call; those that are left wait for what does not come.
      await until(() => [...environment.processes()].every(({ state }) => state === 'waiting'), 'the waits');
      for (const { process, exit } of program.exits) {
        const message = 'message' in exit ? exit.message : '';
        const call = calls[Number(process.entry.name.replace('case', ''))];
        expect(message, `seed ${seed + round}: ${call}`).not.toMatch(/internal error/);
        expect(['returned', 'trapped'], `seed ${seed + round}: ${call}`).toContain(exit.kind);
      }
      await stop(program);
      await until(() => openHandles().length === 0, 'the end of all handles');
    }
  });
});
