import { expect, test } from 'vitest';
import { isCargoTest, withImpliedRun } from '../../../runtime/cli/mode.ts';

const cargo = { CARGO_MANIFEST_DIR: '' };

/** Paths as cargo writes them on Unix; the separator is the platform's. */
test.skipIf(process.platform === 'win32').each<[boolean, NodeJS.ProcessEnv, string[]]>([
  [true, cargo, ['/a/target/wasm32-wasi/debug/deps/a-1.wasm']],
  [true, cargo, ['run', '/a/target/wasm32-wasi/debug/deps/a-1.wasm']],
  [true, cargo, ['run', '/target/wasm32-unknown-unknown/release/deps/b/a.wasm', 'filter', '--exact']],
  [true, cargo, ['run', '/a/target/wasm32-wasip1/debug/deps/a-1.wasm']],
  [true, cargo, ['/target/wasm32-wasip1/release/deps/a.wasm']],
  [false, cargo, ['run', '/a/target/wasm32-wasip2/debug/deps/a-1.wasm']],
  [false, {}, ['run', '/a/target/wasm32-wasi/debug/deps/a-1.wasm']],
  [false, cargo, ['run', 'target/wasm32-wasi/debug/deps/a-1.wasm']],
  [false, cargo, ['run', '/a/target/wasm32-wasi/debug/a.wasm']],
  [false, cargo, ['run', '/a/target/x86_64/debug/deps/a.wasm']],
  [false, cargo, ['run', '/a/target/wasm32-wasi/debug/deps/a.wasm.old']],
  [false, cargo, ['run', '/a/target/wasm32-wasi/debug/deps/a.wasm', 'x', '--bench']],
  [true, cargo, ['run', '/a/target/wasm32-wasi/debug/deps/a.wasm', '--benches']],
  [false, cargo, ['run', '--dir', '/a/target/wasm32-wasi/debug/deps/a.wasm']],
  [false, cargo, ['test', '/a/target/wasm32-wasi/debug/deps/a.wasm']],
  [false, cargo, ['run']],
  [false, cargo, []],
])('test mode is %j: %j, lunatic %j', (expected, environment, args) => {
  expect(isCargoTest(withImpliedRun(args), environment)).toBe(expected);
});
