/** First arguments that imply the word `run` (abi 21.1). Upstream has no text modules. */
const IMPLIED_RUN = /^(--bench|--dir|.+\.(wasm|wat))/;

/** Inserts the word `run` if the first argument is a module or an option of `run`. */
export function withImpliedRun(args: readonly string[]): string[] {
  const [first] = args;
  return first !== undefined && IMPLIED_RUN.test(first) ? ['run', ...args] : [...args];
}

/** The path of a test binary as cargo passes it to its runner (abi 21.1). Newer Rust calls the target wasm32-wasip1. */
const CARGO_TEST =
  process.platform === 'win32'
    ? /\\target\\wasm32-(wasi|wasip1|unknown-unknown)\\(debug|release)\\deps\\.*\.wasm$/
    : /\/target\/wasm32-(wasi|wasip1|unknown-unknown)\/(debug|release)\/deps\/.*\.wasm$/;

/** Whether `cargo test` has started this command, with a test binary and not for a benchmark. */
export function isCargoTest(args: readonly string[], environment: NodeJS.ProcessEnv): boolean {
  const [command, path, ...rest] = args;
  return (
    command === 'run' &&
    environment['CARGO_MANIFEST_DIR'] !== undefined &&
    path !== undefined &&
    CARGO_TEST.test(path) &&
    !rest.includes('--bench')
  );
}
