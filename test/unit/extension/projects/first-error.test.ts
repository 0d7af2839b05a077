/** What a message about a failed build says, where no line of a source is wrong. */
import { expect, test } from 'vitest';
import { FirstError } from '../../../../extension/projects/first-error.ts';

function textOf(...output: string[]): string {
  const error = new FirstError();
  for (const part of output) error.read(part);
  return error.text;
}

test('of the linker, before that of the compiler that has called it', () => {
  const ofLinker = 'wasm-ld-14: error: /tmp/a.o: undefined symbol: foo';
  const ofClang = 'clang: \x1b[0;1;31merror: \x1b[0m\x1b[1mlinker command failed with exit code 1\x1b[0m';
  expect(textOf('> clang a.c', ofLinker, ofClang)).toBe(ofLinker);
  const rendered = `\x1b[1merror\x1b[0m: linking with \`rust-lld\` failed: exit status: 1
  |
  = note: "rust-lld" "-flavor" "wasm"
  = note: rust-lld: error: shop.o: undefined symbol: foo
`;
  expect(textOf(rendered)).toBe('rust-lld: error: shop.o: undefined symbol: foo');
});

test('of cargo, with the last cause', () => {
  const lines = `error: failed to get \`serde\` as a dependency of package \`shop\`

Caused by:
  failed to query replaced source registry \`crates-io\`

Caused by:
  [6] Could not resolve hostname (index.crates.io)`;
  expect(textOf(...lines.split('\n'))).toBe(
    'error: failed to get `serde` as a dependency of package `shop`\n[6] Could not resolve hostname (index.crates.io)',
  );
});

test.each([
  "make: *** No rule to make target 'shop.c', needed by 'all'.  Stop.",
  'npm error Missing script: "asbuild"',
  'CMake Error at CMakeLists.txt:3 (project):',
  'ERROR TS6054: File "shop.ts" not found.',
  'clang: error: no such file or directory: shop.c',
  'error: could not download file',
])('of any tool: %s', (line) => {
  expect(textOf('something before', line, 'error: something behind')).toBe(line);
});

test('is bounded, and nothing where there is none', () => {
  expect(textOf(`error: ${'x'.repeat(10_000)}`)).toHaveLength(1000);
  expect(textOf('no error: nothing is wrong', 'warning: unused')).toBe('');
});
