import { expect, test } from 'vitest';
import { isLibraryPath, shortPath } from '../../../runtime/symbols/short-path.ts';

const HASH = '4b91a6ea7258a947e59c6522cd5898e7c0a6a88f';

test.each([
  [`/rustc/${HASH}/library/core/src/panicking.rs`, 'core/src/panicking.rs'],
  [`/rustc/${HASH}\\library\\std\\src\\rt.rs`, 'std\\src\\rt.rs'],
  ['/usr/src/rustc-1.63.0/library/std/src/rt.rs', 'std/src/rt.rs'],
  [
    '/home/me/.rustup/toolchains/stable-x/lib/rustlib/src/rust/library/alloc/src/vec/mod.rs',
    'alloc/src/vec/mod.rs',
  ],
  [
    '/home/me/.cargo/registry/src/index.crates.io-6f17d22bba15001f/lunatic-0.14.1/src/process.rs',
    'lunatic-0.14.1/src/process.rs',
  ],
  [
    'C:\\Users\\me\\.cargo\\registry\\src\\github.com-1ecc6299db9ec823\\serde-1.0.0\\src\\lib.rs',
    'serde-1.0.0\\src\\lib.rs',
  ],
  [
    '/home/me/.cargo/git/checkouts/lunatic-rs-0123456789abcdef/1a2b3c4/src/process.rs',
    'lunatic-rs-0123456789abcdef/1a2b3c4/src/process.rs',
  ],
  ['./build/./libc-bottom-half/crt/crt1-command.c', 'libc-bottom-half/crt/crt1-command.c'],
  ['/usr/include/wasm32-wasi/c++/v1/vector', 'vector'],
  ['/usr/lib/llvm-14/lib/clang/14.0.6/include/stddef.h', 'stddef.h'],
  [
    '/opt/wasi-sdk/share/wasi-sysroot/include/wasm32-wasi/c++/v1/__memory/allocator.h',
    '__memory/allocator.h',
  ],
  ['/build/llvm-toolchain-14-x/libcxxabi/src/stdlib_new_delete.cpp', 'libcxxabi/src/stdlib_new_delete.cpp'],
  ['/emsdk/upstream/emscripten/system/lib/dlmalloc.c', 'system/lib/dlmalloc.c'],
  ['~lib/rt/itcms.ts', '~lib/rt/itcms.ts'],
  ['/shop/node_modules/as-lunatic/assembly/index.ts', 'as-lunatic/assembly/index.ts'],
  ['/shop/vendor/coin/src/lib.rs', 'vendor/coin/src/lib.rs'],
  ['vendor/coin/src/lib.rs', 'vendor/coin/src/lib.rs'],
  ['/shop/third_party/zlib/inflate.c', 'third_party/zlib/inflate.c'],
  ['/shop/src/third-party/zlib.c', 'src/third-party/zlib.c'],
  ['/shop/lunatic.h', 'lunatic.h'],
  ['assembly/lunatic.ts', 'assembly/lunatic.ts'],
  ['/shop/build/_deps/fmt-src/include/fmt/core.h', 'build/_deps/fmt-src/include/fmt/core.h'],
])('%s is of a library, and is displayed as %s', (file, shown) => {
  expect(isLibraryPath(file)).toBe(true);
  expect(shortPath(file, '/shop')).toBe(shown);
});

test.each([
  ['/shop/src/main.rs', 'src/main.rs'],
  ['/shop', '/shop'],
  ['/shopping/main.rs', '/shopping/main.rs'],
  ['./src/main.rs', 'src/main.rs'],
  ['src/main.rs', 'src/main.rs'],
  ['/elsewhere/main.rs', '/elsewhere/main.rs'],
  ['/shop/include/shop.h', 'include/shop.h'],
  ['/shop/registry/src/bin/main.rs', 'registry/src/bin/main.rs'],
  ['/shop/src/vendor/offer.rs', 'src/vendor/offer.rs'],
  ['/shop/vendors/main.rs', 'vendors/main.rs'],
  ['/shop/lunatic.c', 'lunatic.c'],
  ['/shop/my-lunatic.ts', 'my-lunatic.ts'],
])('%s is the own code of somebody in /shop, and is displayed as %s', (file, shown) => {
  expect(isLibraryPath(file)).toBe(false);
  expect(shortPath(file, '/shop')).toBe(shown);
});

test.each([
  ['/home/wasi-libc/shop/src/main.c', '/home/wasi-libc/shop/build/shop.wasm', false],
  ['/home/llvm-project/main.c', '/home/llvm-project/build/shop.wasm', false],
  ['/home/wasi-libc/shop/wasi-libc/malloc.c', '/home/wasi-libc/shop/build/shop.wasm', true],
  ['/shop/node_modules/till/assembly/index.ts', '/shop/node_modules/till/build/till.wasm', false],
  ['/shop/node_modules/till/node_modules/coin/index.ts', '/shop/node_modules/till/build/till.wasm', true],
  ['/shop/node_modules/coin/index.ts', '/shop/node_modules/till/build/till.wasm', true],
  ['/shop/node_modules/@a/coin/index.ts', '/shop/node_modules/@a/till/build/till.wasm', true],
  ['/home/vendor/shop/src/main.rs', '/home/vendor/shop/target/shop.wasm', false],
  ['/home/vendor/shop/vendor/coin/src/lib.rs', '/home/vendor/shop/target/shop.wasm', true],
  ['/vendor/main.c', '/vendor/shop.wasm', false],
  ['/usr/include/stdio.h', '/usr/src/shop/build/shop.wasm', true],
  ['C:\\wasi-libc\\shop\\main.c', 'C:\\wasi-libc\\shop\\build\\shop.wasm', false],
])('whether %s is of a library for %s: %s', (file, program, isLibrary) => {
  expect(isLibraryPath(file, program)).toBe(isLibrary);
});

test('the folder of a project may be called like one of libraries', () => {
  expect(shortPath('/home/vendor/shop/src/main.c', '/home/vendor/shop')).toBe('src/main.c');
  expect(shortPath('/home/vendor/shop/vendor/zlib.c', '/home/vendor/shop')).toBe('vendor/zlib.c');
});

test('a long path is cut at its beginning', () => {
  expect(shortPath(`/${'a/'.repeat(5000)}end.rs`, '')).toMatch(/^….{293}\/end\.rs$/);
});
