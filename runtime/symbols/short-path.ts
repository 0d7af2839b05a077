/** Folders of code that came with a language or from a registry of packages. What follows them is enough to know it. */
const LIBRARY_FOLDERS = [
  // Rust's standard library, as its builders, a distribution, or `rustup component add rust-src` put it.
  /^\/rustc\/[0-9a-f]{7,64}[\\/](?:library[\\/])?/,
  /^.*[\\/]rustc-\d[^\\/]*[\\/](?:library[\\/])?/,
  /^.*[\\/]lib[\\/]rustlib[\\/]src[\\/]rust[\\/](?:library[\\/])?/,
  // Crates.
  /^.*[\\/]registry[\\/]src[\\/][^\\/]+-[0-9a-f]{16}[\\/]/,
  /^.*[\\/]git[\\/]checkouts[\\/](?=[^\\/]+-[0-9a-f]{16}[\\/])/,
  // C and C++. The headers of libc++ have code.
  /^.*[\\/]include[\\/](?:[^\\/]+[\\/])?c\+\+[\\/]v1[\\/]/,
  /^.*[\\/]wasi-libc[\\/]/,
  /^.*[\\/](?=libc-(?:bottom|top)-half[\\/])/,
  // As distributions name it, from where they have built it.
  /^(?:\.[\\/])*(?=(?:dlmalloc|libc-(?:bottom|top)-half)[\\/])/,
  /^.*[\\/](?=wasi-sysroot[\\/]|llvm-project[\\/]|libcxx(?:abi)?[\\/])/,
  /^.*[\\/]lib[\\/]clang[\\/][^\\/]+[\\/]include[\\/]/,
  /^\/usr\/(?:local\/)?include\/(?:wasm32-[^/]+\/)?(?:c\+\+\/v1\/)?/,
  // Emscripten.
  /^.*[\\/]emscripten[\\/](?=system[\\/]|cache[\\/])/,
  // AssemblyScript.
  /^(?=~lib[\\/])/,
  /^.*[\\/]node_modules[\\/]/,
];

/**
 * Folders of a project with others' code: of `cargo vendor`, of Git's submodules, of CMake's FetchContent. A module of Rust may be
 * called `vendor` as well.
 */
const LIBRARIES_IN_PROJECT =
  /^.*?(?<![^\\/])(?:vendor|third[_-]?party|3rd[_-]?party|_deps)[\\/](?!(?<=(?:^|[\\/])src[\\/]vendor[\\/]).*\.rs$)/;

/** The libraries for C and AssemblyScript that the templates of `lunatic new` bring: they are others' code in whatever folder they are. */
const LIBRARY_FILES = /(?<![^\\/])lunatic\.(?:h|ts)$/;

/** Folders of packages: that one of these is the program's own says nothing of those beside it. */
const PACKAGES =
  /[\\/](?:node_modules[\\/](?:@[^\\/]+[\\/])?|registry[\\/]src[\\/][^\\/]+[\\/]|git[\\/]checkouts[\\/])$/;

/** Characters of a path at most: what no file system would take is no path of a library, and would take long to match. */
const MOST_OF_PATH = 4096;

/** Characters of a path that are displayed at most. */
const MAX_LENGTH = 300;

/**
 * Whether a source file came with a language, or in a package.
 * @param program path of the program, which may itself be below a folder that is called like one of a library: what both have in
 * common says nothing then
 */
export function isLibraryPath(file: string, program = ''): boolean {
  if (!isOfLibrary(file)) return false;
  const shared = sharedFolder(file, program);
  if (PACKAGES.test(shared) || !isOfLibrary(`${shared}x`)) return true;
  return isOfLibrary(file.slice(shared.length - 1));
}

function isOfLibrary(file: string): boolean {
  if (libraryPart(file) !== undefined) return true;
  return file.length <= MOST_OF_PATH && [LIBRARIES_IN_PROJECT, LIBRARY_FILES].some((one) => one.test(file));
}

/** The folder that two files are in, with the separator behind it; empty if there is none. */
function sharedFolder(a: string, b: string): string {
  let end = 0;
  for (let i = 0; i < a.length && a[i] === b[i]; i++) if (a[i] === '/' || a[i] === '\\') end = i + 1;
  return a.slice(0, end);
}

/**
 * A path of a source file for people: relative to the current folder if it is below that, and for libraries without where they
 * are kept. Not fit for a terminal yet.
 */
export function shortPath(file: string, folder: string = currentFolder()): string {
  const path = libraryPart(file) ?? below(file, folder) ?? file.replace(/^\.[\\/]/, '');
  return path.length <= MAX_LENGTH ? path : `…${path.slice(-MAX_LENGTH)}`;
}

function libraryPart(file: string): string | undefined {
  if (file.length > MOST_OF_PATH) return undefined;
  for (const pattern of LIBRARY_FOLDERS) {
    const folder = pattern.exec(file);
    if (folder !== null) return file.slice(folder[0].length);
  }
  return undefined;
}

function below(file: string, folder: string): string | undefined {
  if (folder.length < 2 || !file.startsWith(folder)) return undefined;
  const rest = file.slice(folder.length);
  return /^[\\/]./.test(rest) ? rest.slice(1) : undefined;
}

/** An empty text where there is none: in web pages, or since it was removed. */
function currentFolder(): string {
  try {
    return globalThis.process?.cwd?.() ?? '';
  } catch {
    return '';
  }
}
