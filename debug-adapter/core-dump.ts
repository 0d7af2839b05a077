import { statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { printableLines } from '../runtime/inspect/view/index.ts';
import {
  CoreDumpError,
  DumpedProgram,
  digestOf,
  isWasmBinary,
  openDumpFile,
  type ReadDump,
  readDump,
  readPlainFile,
  WasmFormatError,
} from '../runtime/internal.ts';
import { AdapterError, ErrorId } from './errors.ts';
import { isRemote } from './source-files.ts';

/** Bytes of a module, more than any has that can be run: a dump may name any file. */
const MAX_MODULE = 2 ** 29;

/** The module that ran when a dump was made. */
interface DumpedModule {
  readonly bytes: Uint8Array;
  /** Null if it is not in a file. */
  readonly path: string | null;
}

/**
 * Opens a core dump, with the module that it is of. The file may be anybody's: no path that it names is opened on another machine.
 * @param program path of the module, if it is not where it was
 * @throws AdapterError
 */
export function openCoreDump(path: string, program: string | undefined): DumpedProgram {
  let dump: ReadDump | undefined;
  try {
    dump = readDump(openDumpFile(path));
    const module = moduleOf(dump, path, program);
    return new DumpedProgram(dump, module.bytes, module.path);
  } catch (error) {
    dump?.bytes.close();
    if (!(error instanceof CoreDumpError || error instanceof WasmFormatError)) throw error;
    const message = `The core dump '${path}' cannot be opened: ${error.message}`;
    throw new AdapterError(ErrorId.BadCoreDump, message, { cause: error });
  }
}

function moduleOf(dump: ReadDump, path: string, program: string | undefined): DumpedModule {
  const { about, modules } = dump;
  const named = about === null ? modules[0] : about.module.file;
  const candidates = program === undefined ? candidatesFor(named, about?.cwd, path) : [program];
  if (dump.module !== null) return { bytes: embedded(dump), path: candidates.find(isText) ?? null };
  let other: string | undefined;
  for (const candidate of candidates) {
    // A dump may name any file: one of another size is not read.
    const size = sizeOf(candidate);
    if (size === null) continue;
    if (size > MAX_MODULE)
      throw new AdapterError(
        ErrorId.OtherModule,
        `'${printableLines(candidate)}' is too large to be a module`,
      );
    const bytes = about === null || size === about.module.size ? readPlainFile(candidate) : null;
    if (bytes !== null && isWasmBinary(bytes) && (about === null || digestOf(bytes) === about.module.digest))
      return { bytes, path: candidate };
    other ??= candidate;
  }
  const wanted = printableLines(named ?? 'a module');
  if (other !== undefined)
    throw new AdapterError(
      ErrorId.OtherModule,
      `'${printableLines(other)}' is another build than the one that the core dump is of: the module has changed since. ` +
        '"program" names the module as it was.',
    );
  throw new AdapterError(
    ErrorId.OtherModule,
    program === undefined
      ? `The module of the core dump, '${wanted}', is not found: "program" must name it`
      : `The program '${program}' is not found, or is no module`,
  );
}

/** The module that a dump has in itself. */
function embedded({ bytes, module, about }: ReadDump): Uint8Array {
  const found = module === null ? new Uint8Array() : bytes.read(module.at, module.size);
  if (about !== null && digestOf(found) !== about.module.digest)
    throw new CoreDumpError('the module in it is not the one that it is of');
  return found;
}

/** Where the module may be: where it was, and beside the dump. */
function candidatesFor(named: string | undefined, folder: string | undefined, dump: string): string[] {
  if (named === undefined || named === '') return [];
  const beside = dirname(dump);
  return [resolve(folder ?? beside, named), resolve(beside, basename(named))].filter(
    (path) => !isRemote(path),
  );
}

/** Bytes of a file; null if there is none. */
function sizeOf(path: string): number | null {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true ? found.size : null;
}

function isText(path: string): boolean {
  return path.endsWith('.wat') && sizeOf(path) !== null;
}
