/** The part of `node:fs` that is used. The launcher loads it only if it is needed. */
type FileSystem = Pick<typeof import('node:fs'), 'readFileSync' | 'statSync'>;

const MAGIC = 0x6d736100;
const HEADER_SIZE = 8;
const IMPORT_SECTION = 2;

/** First words of command lines that run no program. */
const RUNS_NOTHING = /^(init|exports|check|dap|ps|stacks|completions|help|--help|-h|--version|-V)$/;

/**
 * Whether a command may have so many processes that V8's flags for them are worth starting Node a second time. A program
 * that imports no function that spawns has one process.
 */
export function mayHaveManyProcesses(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  fs: FileSystem,
): boolean {
  const [command] = args;
  if (command === undefined || RUNS_NOTHING.test(command)) return false;
  // Each test is a process. cargo, too, may have started this to run tests.
  if (command === 'test' || environment['CARGO_MANIFEST_DIR'] !== undefined) return true;
  for (const word of args) {
    const bytes =
      word === 'run' || word.startsWith('-') || PLUGIN.test(word) ? null : readRegularFile(word, fs);
    if (bytes !== null) return importsSpawn(bytes);
  }
  return false;
}

/** The names of plugins, which are not modules to run. */
const PLUGIN = /\.[cm]?[jt]s$/;

function readRegularFile(path: string, { readFileSync, statSync }: FileSystem): Buffer | null {
  try {
    return statSync(path).isFile() ? readFileSync(path) : null;
  } catch {
    // Running it will report why it cannot be read.
    return null;
  }
}

/** Whether the imports of a module name a function that spawns. In a text module the word is searched everywhere. */
function importsSpawn(bytes: Buffer): boolean {
  if (bytes.length < HEADER_SIZE || bytes.readUInt32LE(0) !== MAGIC) return bytes.includes('spawn');
  for (let at = HEADER_SIZE; at < bytes.length; ) {
    const id = bytes[at++];
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      size += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    if (id === IMPORT_SECTION) return bytes.subarray(at, at + size).includes('spawn');
    at += size;
  }
  return false;
}
