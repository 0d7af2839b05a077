/** The part of `node:fs` that is used. The launcher loads it only if it is needed. */
type FileSystem = Pick<typeof import('node:fs'), 'closeSync' | 'fstatSync' | 'openSync' | 'readSync'>;

const MAGIC = 0x6d736100;
const HEADER_SIZE = 8;
const CUSTOM_SECTION = 0;
const TYPE_SECTION = 1;
const IMPORT_SECTION = 2;

/** Opens a pipe without waiting for somebody to write into it. As in Linux and macOS; elsewhere there are none to open. */
const O_NONBLOCK = process.platform === 'darwin' ? 4 : process.platform === 'linux' ? 0o4000 : 0;

/** The bytes that are looked at: types and imports come first, and few modules have more of them. */
const BEGINNING = 2 ** 18;

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
      word === 'run' || word.startsWith('-') || PLUGIN.test(word) ? null : readBeginning(word, fs);
    if (bytes !== null) return importsSpawn(bytes);
  }
  return false;
}

/** The names of plugins, which are not modules to run. */
const PLUGIN = /\.[cm]?[jt]s$/;

/** The beginning of a file; null if it is none. */
function readBeginning(path: string, fs: FileSystem): Buffer | null {
  let fd: number | undefined;
  try {
    fd = fs.openSync(path, O_NONBLOCK);
    const found = fs.fstatSync(fd);
    if (!found.isFile()) return null;
    const bytes = Buffer.allocUnsafe(Math.min(found.size, BEGINNING));
    return bytes.subarray(0, fs.readSync(fd, bytes, 0, bytes.length, 0));
  } catch {
    // Running it will report why it cannot be read.
    return null;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

/**
 * Whether the imports of a module name a function that spawns. In a text module the word is searched everywhere, and where
 * its beginning is not all, it counts as found.
 */
function importsSpawn(bytes: Buffer): boolean {
  const isText = bytes.length < HEADER_SIZE || bytes.readUInt32LE(0) !== MAGIC;
  if (isText) return bytes.includes('spawn') || bytes.length === BEGINNING;
  for (let at = HEADER_SIZE; at < bytes.length; ) {
    const id = bytes[at++];
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      size += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    if (id === IMPORT_SECTION) {
      return bytes.subarray(at, at + size).includes('spawn') || at + size > bytes.length;
    }
    // Only these stand before the imports.
    if (id !== CUSTOM_SECTION && id !== TYPE_SECTION) return false;
    at += size;
  }
  return bytes.length === BEGINNING;
}
