/** What compilers let modules import for JavaScript hosts, and how a module does without. */
const FOREIGN: readonly (readonly [imports: RegExp, advice: string])[] = [
  [
    /^env::abort$/,
    'AssemblyScript imports it, unless it is compiled with --use abort= (in asconfig.json: "options": {"use": ["abort="]}). "lunatic init" sets the project up so that an abort prints its message, too',
  ],
  [
    /^env::(trace$|seed$|(console|crypto|Date|performance|process)\.)/,
    'AssemblyScript imports it for JavaScript hosts. "lunatic init" sets the project up to use WASI instead',
  ],
  [
    /^(wbg|__wbindgen_\w+)::/,
    'wasm-bindgen imports it for JavaScript hosts. Build without it, for wasm32-wasip1 (wasm32-wasi before Rust 1.84)',
  ],
];

/**
 * Advice on an import that compilers add for JavaScript hosts; undefined if it is none of these.
 * @param name of the import, as `env::abort`
 */
export function adviceOnForeign(name: string): string | undefined {
  return FOREIGN.find(([imports]) => imports.test(name))?.[1];
}
