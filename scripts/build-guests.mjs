#!/usr/bin/env node
// Builds the guest programs.
//
//   node scripts/build-guests.mjs                     Rust and C, into test/guests/built
//   node scripts/build-guests.mjs rust c              the same, named
//   node scripts/build-guests.mjs rust-modern         Rust with a recent compiler, into test/guests/built
//   node scripts/build-guests.mjs assemblyscript wat --out DIR
//
// The Rust and C modules are checked in, so that only people who change them need the compilers. The
// AssemblyScript and WAT ones are built by whoever needs them, from the development dependencies; the
// functions for that are exported. Runs on Node 20 and later.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const guests = join(root, 'test', 'guests');

/** Where the checked-in modules are. */
export const builtFolder = join(guests, 'built');

/** A toolchain is missing, or it refused a program. The message says which and what to do. */
export class GuestBuildError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = 'GuestBuildError';
  }
}

/**
 * Compiles one AssemblyScript program. Modules that it imports are found beside it; the function `abort` of a
 * `lunatic.ts` beside it takes the place of the compiler's own.
 *
 * @param {string} source path of a `.ts` file
 * @param {string} out path of the `.wasm` file to write
 * @param {{ sourceMap?: boolean, debug?: boolean, args?: string[] }} [options] `sourceMap` writes `out + '.map'`;
 *   `debug` leaves the code unoptimised. Functions have names either way
 * @returns {Promise<string>} `out`
 * @throws {GuestBuildError} with the compiler's messages
 */
export async function buildAssemblyScript(source, out, options = {}) {
  const { default: asc } = await import('assemblyscript/asc');
  const folder = dirname(resolve(source));
  mkdirSync(dirname(resolve(out)), { recursive: true });
  const args = [
    basename(source),
    '--baseDir',
    folder,
    '--outFile',
    relative(folder, resolve(out)),
    '--runtime',
    'incremental',
    '--exportTable',
    ...(existsSync(join(folder, 'lunatic.ts')) ? ['--use', 'abort=lunatic/abort'] : []),
    // With names in the module, optimised or not.
    '--debug',
    ...(options.debug ? [] : ['-O2']),
    ...(options.sourceMap ? ['--sourceMap'] : []),
    ...(options.args ?? []),
  ];
  const { error, stderr } = await asc.main(args);
  if (error) throw new GuestBuildError(`${source} does not compile:\n${stderr.toString()}`, { cause: error });
  return out;
}

/**
 * Assembles one WAT program. Names of functions and locals go into the name section.
 *
 * @param {string} source path of a `.wat` file
 * @param {string} out path of the `.wasm` file to write
 * @returns {Promise<string>} `out`
 * @throws {GuestBuildError} with the assembler's messages
 */
export async function buildWat(source, out) {
  const { default: createWabt } = await import('wabt');
  const wabt = await createWabt();
  mkdirSync(dirname(resolve(out)), { recursive: true });
  const features = {
    exceptions: true,
    bulk_memory: true,
    reference_types: true,
    multi_value: true,
    simd: true,
  };
  let module;
  try {
    module = wabt.parseWat(basename(source), readFileSync(source, 'utf8'), features);
    module.resolveNames();
    module.validate(features);
    const { buffer } = module.toBinary({ write_debug_names: true });
    writeFileSync(out, buffer);
  } catch (error) {
    throw new GuestBuildError(`${source} does not assemble:\n${error.message}`, { cause: error });
  } finally {
    module?.destroy();
  }
  return out;
}

/**
 * Compiles one C program with clang and wasi-libc.
 *
 * @param {string} source path of a `.c` file; `lunatic.h` is found beside it
 * @param {string} out path of the `.wasm` file to write
 * @param {{ debug?: boolean }} [options] `debug` keeps DWARF and does not optimise
 * @returns {string} `out`
 * @throws {GuestBuildError}
 */
export function buildC(source, out, options = {}) {
  const clang = process.env.CC_wasm32_wasi ?? 'clang';
  if (!run(clang, ['--version']).ok) {
    throw new GuestBuildError(
      `C guests need clang, lld, wasi-libc and clang's wasm32 run-time library ` +
        '(Debian: apt install clang lld wasi-libc libclang-rt-14-dev-wasm32). clang was not found.',
    );
  }
  mkdirSync(dirname(resolve(out)), { recursive: true });
  const level = options.debug ? ['-O0', '-g'] : ['-Os'];
  const folder = dirname(resolve(source));
  const result = run(
    clang,
    [
      '--target=wasm32-wasi',
      ...level,
      '-Wall',
      '-Wextra',
      `-fdebug-prefix-map=${folder}=.`,
      '-o',
      resolve(out),
      basename(source),
    ],
    { cwd: folder },
  );
  if (!result.ok) {
    throw new GuestBuildError(
      `${source} does not compile. Are lld, wasi-libc and libclang-rt for wasm32 installed?\n${result.output}`,
    );
  }
  writeFileSync(out, stripModule(readFileSync(out), options.debug ? /^(name|\.debug_.*)$/ : /^name$/));
  return out;
}

/**
 * Compiles a cargo package for `wasm32-wasi`, and strips its programs.
 *
 * @param {string} packageFolder
 * @param {string} outFolder
 * @returns {string[]} the modules written
 * @throws {GuestBuildError}
 */
export function buildRust(packageFolder, outFolder) {
  const { rustc, cargo } = findRust();
  const work = join(root, 'build', 'guests-rust', basename(packageFolder));
  const crates = join(work, 'crates');
  mkdirSync(work, { recursive: true });
  const sources = vendor(packageFolder, crates, cargo);
  const remap = [
    [crates, 'crates'],
    [join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'registry', 'src'), 'crates'],
    [packageFolder, '.'],
  ].map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
  const target = join(work, 'target');
  const result = run(cargo, [...sources, 'build', '--release', '--locked', '--target', 'wasm32-wasi'], {
    cwd: packageFolder,
    env: { RUSTC: rustc, CARGO_TARGET_DIR: target, CARGO_ENCODED_RUSTFLAGS: remap.join('\x1f') },
    show: true,
  });
  if (!result.ok) throw new GuestBuildError(`cargo failed in ${packageFolder}`);
  return stripInto(join(target, 'wasm32-wasi', 'release'), outFolder);
}

/**
 * Compiles a cargo package for `wasm32-wasip1` with a recent compiler, which builds the standard library from its
 * source, and strips its programs.
 *
 * @param {string} packageFolder
 * @param {string} outFolder
 * @returns {string[]} the modules written
 * @throws {GuestBuildError}
 */
export function buildModernRust(packageFolder, outFolder) {
  const { rustc, cargo, sysroot } = findModernRust();
  const target = join(root, 'build', 'guests-rust', basename(packageFolder), 'target');
  const linker = process.env.WASM_LD ?? ['wasm-ld', 'wasm-ld-14'].flatMap(onPath)[0];
  const libc = process.env.WASI_LIBC ?? '/usr/lib/wasm32-wasi';
  if (!linker || !existsSync(join(libc, 'crt1-command.o'))) {
    throw new GuestBuildError(
      'Modern Rust guests need wasm-ld (or WASM_LD=...) and wasi-libc (or WASI_LIBC=its library folder). ' +
        'Debian: apt install lld wasi-libc.',
    );
  }
  const flags = [
    ...['link-self-contained=no', 'linker-flavor=wasm-ld', `linker=${linker}`].flatMap((option) => [
      '-C',
      option,
    ]),
    ...[`-L${libc}`, join(libc, 'crt1-command.o'), '-lc'].flatMap((option) => ['-C', `link-arg=${option}`]),
    `--remap-path-prefix=${join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'registry', 'src')}=crates`,
    `--remap-path-prefix=${sysroot}=rust`,
    `--remap-path-prefix=${packageFolder}=.`,
  ];
  const result = run(
    cargo,
    ['build', '--release', '--locked', '-Zbuild-std=std,panic_abort', '--target', 'wasm32-wasip1'],
    {
      cwd: packageFolder,
      // Building the standard library is open to stable compilers in this way alone.
      env: {
        RUSTC: rustc,
        RUSTC_BOOTSTRAP: '1',
        CARGO_TARGET_DIR: target,
        CARGO_ENCODED_RUSTFLAGS: flags.join('\x1f'),
      },
      show: true,
    },
  );
  if (!result.ok) throw new GuestBuildError(`cargo failed in ${packageFolder}`);
  return stripInto(join(target, 'wasm32-wasip1', 'release'), outFolder);
}

function stripInto(folder, outFolder) {
  mkdirSync(outFolder, { recursive: true });
  return listFiles(folder, '.wasm').map((file) => {
    const out = join(outFolder, basename(file));
    writeFileSync(out, stripModule(readFileSync(file), /^name$/));
    return out;
  });
}

/** A recent rustc that has the source of its standard library, and the cargo beside it. */
function findModernRust() {
  const candidates = [process.env.RUSTC_MODERN, ...onPath('rustc')].filter(Boolean);
  for (const rustc of candidates) {
    const sysroot = run(rustc, ['--print', 'sysroot']).output.trim();
    const minor = Number(/^rustc 1\.(\d+)/.exec(run(rustc, ['--version']).output)?.[1] ?? 0);
    const cargo = join(dirname(rustc), 'cargo');
    if (
      minor >= 85 &&
      existsSync(join(sysroot, 'lib', 'rustlib', 'src', 'rust', 'library', 'std')) &&
      existsSync(cargo)
    ) {
      return { rustc, cargo, sysroot };
    }
  }
  throw new GuestBuildError(
    'Modern Rust guests need a rustc from 1.85 on with the source of its standard library, and its cargo ' +
      '(Debian 12: rustc-web, cargo-web and rust-web-src, which replace rustc; rustup: rustup component add rust-src). ' +
      'RUSTC_MODERN may name it.',
  );
}

/** A rustc that has the standard library of wasm32-wasi, and the cargo beside it. */
function findRust() {
  const candidates = [process.env.RUSTC, ...onPath('rustc')].filter(Boolean);
  for (const rustc of candidates) {
    const libraries = run(rustc, ['--print', 'target-libdir', '--target', 'wasm32-wasi']);
    const folder = libraries.output.trim();
    if (!libraries.ok || !existsSync(folder) || readdirSync(folder).length === 0) continue;
    const beside = join(dirname(rustc), 'cargo');
    const cargo = process.env.CARGO ?? (existsSync(beside) ? beside : 'cargo');
    if (run(cargo, ['--version']).ok) return { rustc, cargo };
  }
  throw new GuestBuildError(
    'Rust guests need a rustc with the target wasm32-wasi, its cargo, and lld ' +
      '(Debian 12: apt install rustc cargo libstd-rust-dev-wasm32 lld; rustup before 1.84: rustup target add wasm32-wasi). ' +
      (candidates.length ? `None of these has the target: ${candidates.join(', ')}.` : 'No rustc was found.'),
  );
}

/** Old cargos cannot read today's package index: let a newer one fetch the crates, when there is one. */
function vendor(packageFolder, folder, cargo) {
  if (cargoMinor(cargo) >= 68) return [];
  const newer = onPath('cargo').find((other) => cargoMinor(other) >= 68);
  if (!newer) return [];
  const result = run(newer, ['vendor', '--locked', '--quiet', folder], { cwd: packageFolder });
  if (!result.ok) throw new GuestBuildError(`cargo vendor failed in ${packageFolder}:\n${result.output}`);
  const config = `${folder}.toml`;
  writeFileSync(
    config,
    `[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = ${JSON.stringify(folder)}\n`,
  );
  return ['--config', config, '--offline'];
}

function cargoMinor(cargo) {
  return Number(/^cargo 1\.(\d+)/.exec(run(cargo, ['--version']).output)?.[1] ?? 0);
}

function onPath(program) {
  const files = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, program));
  return [...new Set(files.filter((file) => existsSync(file)))];
}

/**
 * Removes custom sections.
 *
 * @param {Uint8Array} bytes a module
 * @param {RegExp} keep names of custom sections that stay
 * @returns {Uint8Array}
 */
export function stripModule(bytes, keep) {
  const parts = [bytes.subarray(0, 8)];
  let at = 8;
  const leb = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined)
        throw new GuestBuildError(`the module ends within a number, at offset ${at - 1}`);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const start = at;
    const id = bytes[at++];
    const size = leb();
    const end = at + size;
    if (id === 0) {
      const length = leb();
      const name = Buffer.from(bytes.subarray(at, at + length)).toString('utf8');
      if (keep.test(name)) parts.push(bytes.subarray(start, end));
    } else {
      parts.push(bytes.subarray(start, end));
    }
    at = end;
  }
  return Buffer.concat(parts);
}

/** The programs of a folder: files with the extension, without those that are only imported. */
export function listFiles(folder, extension) {
  return readdirSync(folder)
    .filter((name) => name.endsWith(extension) && name !== 'lunatic.ts' && !name.endsWith('.d.ts'))
    .sort()
    .map((name) => join(folder, name));
}

function run(program, args, { cwd, env, show } = {}) {
  const result = spawnSync(program, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: show ? 'inherit' : 'pipe',
  });
  return { ok: result.status === 0, output: `${result.stdout ?? ''}${result.stderr ?? ''}` };
}

const builders = {
  async rust(out) {
    const adder = join(guests, 'rust', 'modules', 'adder');
    await buildWat(`${adder}.wat`, `${adder}.wasm`);
    return buildRust(join(guests, 'rust'), join(out, 'rust'));
  },
  async 'rust-modern'(out) {
    return buildModernRust(join(guests, 'rust-modern'), join(out, 'rust-modern'));
  },
  async c(out) {
    return listFiles(join(guests, 'c'), '.c').map((file) =>
      buildC(file, join(out, 'c', `${basename(file, '.c')}.wasm`)),
    );
  },
  async assemblyscript(out) {
    return each(listFiles(join(guests, 'assemblyscript'), '.ts'), (file) =>
      buildAssemblyScript(file, join(out, 'assemblyscript', `${basename(file, '.ts')}.wasm`)),
    );
  },
  async wat(out) {
    return each(listFiles(join(guests, 'wat'), '.wat'), (file) =>
      buildWat(file, join(out, 'wat', `${basename(file, '.wat')}.wasm`)),
    );
  },
};

async function each(items, action) {
  const results = [];
  for (const item of items) results.push(await action(item));
  return results;
}

async function main(words) {
  const outAt = words.indexOf('--out');
  const out = outAt >= 0 ? words.splice(outAt, 2)[1] : undefined;
  const unknown = words.find((word) => !Object.hasOwn(builders, word));
  if (unknown || (outAt >= 0 && !out)) {
    throw new GuestBuildError(
      `usage: node scripts/build-guests.mjs [${Object.keys(builders).join('] [')}] [--out FOLDER]`,
    );
  }
  const wanted = words.length ? words : ['rust', 'c'];
  let failed = false;
  for (const language of wanted) {
    const builtHere = !['assemblyscript', 'wat'].includes(language);
    try {
      for (const file of await builders[language](
        resolve(out ?? (builtHere ? builtFolder : join(root, 'build', 'guests'))),
      )) {
        console.log(`${relative(process.cwd(), file)}  ${statSync(file).size} bytes`);
      }
    } catch (error) {
      if (!(error instanceof GuestBuildError)) throw error;
      console.error(`${language}: ${error.message}`);
      failed = true;
    }
  }
  return failed ? 1 : 0;
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof GuestBuildError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
