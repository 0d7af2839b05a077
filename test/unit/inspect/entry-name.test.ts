import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { entryName } from '../../../runtime/inspect/entry-name.ts';
import type { Process } from '../../../runtime/kernel/process.ts';
import {
  FunctionNames,
  readModule,
  readOutline,
  tableFunctions,
  type WasmModule,
} from '../../../runtime/wasm/index.ts';
import { projectFolder } from '../../support/command.ts';
import { assemble } from '../../support/program.ts';

/**
 * Names processes of a module by what they were spawned with.
 * @param read is called with each name that is read
 */
function naming(bytes: Uint8Array, read: (name: string) => void = () => {}) {
  // A survey of all code takes hundreds of milliseconds, in which no process has a turn.
  const code = {
    get() {
      throw new Error('All code is read');
    },
  };
  const source: WasmModule = Object.create(readOutline(bytes), { code });
  const names = new FunctionNames(source);
  const functionNames = {
    get(index: number) {
      const name = names.get(index);
      read(name ?? '');
      return name;
    },
  };
  const module = { source, functionNames };
  return (name: string, ...params: unknown[]) =>
    entryName({ entry: { name, params }, module } as unknown as Process);
}

const SPAWN = '_lunatic_spawn_by_index_0.14.1';

/** `shop::main::__with_mailbox::{{closure}}`, as rustc mangles it. */
const closure = (hash: string) =>
  `$_ZN4shop4main14__with_mailbox28_$u7b$$u7b$closure$u7d$$u7d$17h${hash.padStart(16, '0')}E`;

const INIT = '$_ZN59_$LT$shop..Till$u20$as$u20$lunatic..ap..AbstractProcess$GT$4init17h0123456789abcdefE';

test('a process of an SDK is called as the function that it was given, also through closures and shims', async () => {
  const name = naming(
    await assemble(`(module
      (table 10 funcref)
      (elem (i32.const 1) $lunatic::type_helper_wrapper $core::ops::FnOnce::call_once ${closure('b')})
      (elem (i32.const 5) $core::ops::bare $shop::work $lunatic::ap::lifecycles::entry $core::ops::itself)
      (func $lunatic::type_helper_wrapper)
      (func $core::ops::FnOnce::call_once (call ${closure('a')}))
      (func ${closure('a')} (call $lunatic::receive) (call $shop::work))
      (func ${closure('b')} (call $shop::work) (call $shop::other))
      (func $core::ops::bare)
      (func $core::ops::itself (call $core::ops::itself))
      (func $lunatic::ap::lifecycles::entry (call $lunatic::receive) (call ${INIT}))
      (func ${INIT})
      (func $lunatic::receive) (func $shop::work) (func $shop::other))`),
  );
  // Through the shim of a closure, which calls one function of the program.
  expect(name(SPAWN, 1, 2)).toBe('shop::work');
  // A closure that calls several is called as it is.
  expect(name(SPAWN, 1, 3)).toBe('shop::main::{{closure}}');
  expect(name(SPAWN, 1, 6)).toBe('shop::work');
  expect(name('__lunatic_process_bootstrap', 6)).toBe('shop::work');
  // An abstract process is called as its type.
  expect(name(SPAWN, 1, 7)).toBe('shop::Till');
  // What nobody would know, and what is not there.
  for (const place of [5, 8, 0, 4, -1, 2 ** 31, 7n, undefined]) expect(name(SPAWN, 1, place)).toBe(SPAWN);
  expect(name('worker', 1, 2)).toBe('worker');
});

/** A name as rustc mangles one that has nothing but this in it. */
const mangled = (name: string) => {
  const text = name
    .replaceAll('<', '$LT$')
    .replaceAll('>', '$GT$')
    .replaceAll(' ', '$u20$')
    .replaceAll('::', '..');
  const [, path = '', last = ''] = /^(.*)\.\.(\w+)$/.exec(text) ?? [];
  const parts = [path.startsWith('$') ? `_${path}` : path, last].map((part) => `${part.length}${part}`);
  return `$_ZN${parts.join('')}17h0123456789abcdefE`;
};

test('an abstract process is called as its type, to which the crate leads through functions of its own', async () => {
  const handle = mangled(
    '<shop::main::__with_mailbox::Till as lunatic::ap::MessageHandler<shop::Coin>>::handle',
  );
  const death = mangled('lunatic::supervisor::<impl lunatic::ap::AbstractProcess for T>::handle_link_death');
  const name = naming(
    await assemble(`(module
      (table 10 funcref)
      (elem (i32.const 1) $lunatic::ap::lifecycles::entry ${mangled('lunatic::ap::lifecycles::entry')})
      (elem (i32.const 3) $lunatic::ap::lifecycles::entry::<shop::Shelf>)
      (func $lunatic::ap::lifecycles::entry (call $shop::not_a_method) (call $lunatic::ap::lifecycles::loop_and_handle))
      (func $lunatic::ap::lifecycles::loop_and_handle (call $lunatic::ap::lifecycles::entry) (call ${handle}))
      (func ${handle}) (func $shop::not_a_method)
      (func ${mangled('lunatic::ap::lifecycles::entry')} (call ${death}) (call $lunatic::ap::other))
      (func ${death}) (func $lunatic::ap::other)
      (func $lunatic::ap::lifecycles::entry::<shop::Shelf>))`),
  );
  expect(name(SPAWN, 0, 1)).toBe('shop::main::Till');
  // Nothing tells which supervisor it is.
  expect(name(SPAWN, 0, 2)).toBe('lunatic::supervisor::Supervisor');
  expect(name(SPAWN, 0, 3)).toBe('shop::Shelf');
});

test('a guest whose functions call each other without end has a name nevertheless', async () => {
  const name = naming(
    await assemble(`(module
      (table 10 funcref)
      (elem (i32.const 1) ${closure('a')})
      (func ${closure('a')} (call ${closure('b')}))
      (func ${closure('b')} (call ${closure('a')})))`),
  );
  expect(name(SPAWN, 0, 1)).toBe('shop::main::{{closure}}');
});

test('long names do not hold the others up', async () => {
  const long = (i: number) => `$lunatic::${'x'.repeat(15_000)}${i}`;
  const all = Array.from({ length: 150 }, (_, i) => long(i));
  let characters = 0;
  const name = naming(
    await assemble(`(module
      (table 10 funcref)
      (elem (i32.const 1) ${closure('a')})
      (func ${closure('a')} ${all.map((callee) => `(call ${callee})`).join('')})
      ${all.map((callee) => `(func ${callee})`).join('')})`),
    ({ length }) => {
      characters += length;
    },
  );
  expect(name(SPAWN, 0, 1)).toBe('shop::main::{{closure}}');
  // Each is read twice.
  expect(characters).toBeLessThan(2 * (2 ** 16 + 15_100));
});

test('processes of a real Rust guest are told apart', () => {
  const file = join(projectFolder, 'test', 'guests', 'debug', 'shelter-rust.wasm.br');
  const bytes = brotliDecompressSync(readFileSync(file));
  const name = naming(bytes);
  const places = [...tableFunctions(readModule(bytes)).keys()];
  const names = new Set(places.map((place) => name(SPAWN, 0, place)));
  expect(names).toContain('shelter::shelter');
  expect(names).toContain('shelter::visitor');
});

test('a module without a name section, without a table, or with other segments has the names of its exports', async () => {
  for (const text of [
    '(module (func (export "a")))',
    '(module (table 3 funcref) (func (export "a")) (elem (i32.const 1) func 0))',
    '(module (table 3 funcref) (func $f) (elem declare func $f))',
    '(module (import "m" "g" (global i32)) (table 3 funcref) (func $f) (elem (global.get 0) $f))',
  ])
    expect([text, naming(await assemble(text))(SPAWN, 0, 2)]).toEqual([text, SPAWN]);
});
