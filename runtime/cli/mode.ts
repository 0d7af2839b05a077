/** First arguments that mean `run` without the word (abi 21.1). Upstream knows no text modules. */
const IMPLIED_RUN = /^(--bench|--dir|.+\.(wasm|wat))/;

/** Inserts the word `run` where a module or an option of `run` comes first. */
export function withImpliedRun(args: readonly string[]): string[] {
  const [first] = args;
  return first !== undefined && IMPLIED_RUN.test(first) ? ['run', ...args] : [...args];
}

/** A test binary of cargo, as its runner gets it (abi 21.1). Newer Rust calls the target wasm32-wasip1. */
const CARGO_TEST =
  process.platform === 'win32'
    ? /\\target\\wasm32-(wasi|wasip1|unknown-unknown)\\(debug|release)\\deps\\.*\.wasm$/
    : /\/target\/wasm32-(wasi|wasip1|unknown-unknown)\/(debug|release)\/deps\/.*\.wasm$/;

/** Whether `cargo test` started this command: with a test binary, and not for a benchmark. */
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
