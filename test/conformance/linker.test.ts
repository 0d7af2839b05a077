import { describe, expect, test } from 'vitest';
import { LinkError } from '../../runtime/internal.ts';
import { LUNATIC_FUNCTIONS, WASI_FUNCTIONS } from '../support/contract.ts';
import { start } from '../support/program.ts';

/** What the author of a module reads whose imports cannot be linked. */
async function problems(...imports: string[]): Promise<string[]> {
  try {
    await start(`(module ${imports.join('\n')} (func (export "_start")))`);
  } catch (error) {
    if (error instanceof LinkError) return error.message.split('\n');
    throw error;
  }
  throw new Error('the module was linked');
}

describe('linking', () => {
  test('finds every function of the contract', async () => {
    const imports = [...LUNATIC_FUNCTIONS, ...WASI_FUNCTIONS].map(({ module, name, params, results }) => {
      const types = [
        params.length > 0 ? `(param ${params.join(' ')})` : '',
        results.length > 0 ? `(result ${results.join(' ')})` : '',
      ];
      return `(import "${module}" "${name}" (func ${types.join(' ')}))`;
    });
    const { root } = await start(`(module ${imports.join('\n')} (func (export "_start")))`);
    expect(imports).toHaveLength(190);
    expect(await root.ended).toEqual({ kind: 'returned' });
  });

  test('refuses an unknown function and offers the closest one', async () => {
    expect(
      await problems('(import "lunatic::message" "recieve" (func (param i32 i32 i64) (result i32)))'),
    ).toEqual([
      'an import cannot be linked:',
      '  lunatic::message::recieve: unknown; did you mean lunatic::message::receive?',
    ]);
  });

  test('refuses a function of another type and shows both', async () => {
    expect(await problems('(import "lunatic::process" "kill" (func (param i32)))')).toEqual([
      'an import cannot be linked:',
      '  lunatic::process::kill: imported as (i32), but it is (i64)',
    ]);
    expect(await problems('(import "lunatic::version" "major" (func (result i64)))')).toEqual([
      'an import cannot be linked:',
      '  lunatic::version::major: imported as () -> i64, but it is () -> i32',
    ]);
    expect((await problems('(import "lunatic::version" "major" (func (result i32 i32)))'))[1]).toMatch(
      /imported as/,
    );
  });

  test('refuses anything but functions', async () => {
    expect(
      await problems(
        '(import "lunatic::message" "memory" (memory 1))',
        '(import "lunatic::message" "table" (table 1 funcref))',
        '(import "lunatic::message" "global" (global i32))',
        '(import "lunatic::message" "send" (global i32))',
      ),
    ).toEqual([
      '4 imports cannot be linked:',
      '  lunatic::message::memory: only functions can be imported, this is a memory',
      '  lunatic::message::table: only functions can be imported, this is a table',
      '  lunatic::message::global: only functions can be imported, this is a global',
      '  lunatic::message::send: only functions can be imported, this is a global',
    ]);
  });

  test('lists all that is wrong at once', async () => {
    const lines = await problems(
      '(import "lunatic::process" "spwan" (func))',
      '(import "lunatic::process" "sleep_ms" (func (param i64)))',
      '(import "lunatic::process" "exists" (func (param i64) (result i64)))',
      '(import "env" "memory" (memory 1))',
      '(import "env" "a_function_of_another_host_altogether" (func))',
      '(import "env" "and_one_more_function_of_such_a_host" (func))',
    );
    expect(lines).toHaveLength(6);
    expect(lines[1]).toMatch(/did you mean lunatic::process::spawn\?/);
    expect(lines[4]).toMatch(/unknown module; there are lunatic::\*, wasi_snapshot_preview1$/);
    // Once is enough.
    expect(lines[5]).toMatch(/unknown module$/);
  });

  test.each([
    ['env', 'abort', '(param i32 i32 i32 i32)', /unknown: AssemblyScript .* --use abort= /],
    ['env', 'console.log', '(param i32)', /unknown: AssemblyScript .*"lunatic init"/],
    ['wbg', '__wbg_log_1d3ae0273d8f4f8a', '(param i32)', /unknown: wasm-bindgen .*wasm32-wasip1/],
  ])('tells what to do about %s::%s, which is for JavaScript hosts', async (module, name, type, advice) => {
    const [, line] = await problems(`(import "${module}" "${name}" (func ${type}))`);
    expect(line).toMatch(advice);
    expect(line).not.toContain('lunatic::');
  });

  test.each([
    ['wasi_unstable', 'fd_write', '(param i32 i32 i32 i32) (result i32)'],
    ['lunatic:kernel', 'tick', ''],
    ['lunatic:kernel', 'refuel', '(result i32)'],
    ['', '', ''],
  ])('does not know "%s" "%s"', async (module, name, type) => {
    expect((await problems(`(import "${module}" "${name}" (func ${type}))`))[1]).toMatch(/: unknown/);
  });
});
