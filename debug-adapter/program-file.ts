import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { printableLines } from '../runtime/inspect/view/index.ts';
import { assembleApart, type Inspected, InspectRequestError, WatError } from '../runtime/internal.ts';
import { MAIN_MODULE } from './module-sources.ts';
import { isRemote } from './source-files.ts';

/** Where the file of a program is, as far as that is known, and why it is not used. */
export interface ProgramFile {
  readonly path: string | null;
  readonly problem?: string;
}

/** The file that a runtime names, which this session has started. */
export function namedFile({ welcome: { program, cwd } }: Inspected): ProgramFile {
  if (isAbsolute(program)) return { path: program };
  return { path: cwd === undefined ? null : resolve(cwd, program) };
}

/** The file that a core dump names. Whoever has made it must not have this machine log in to another one. */
export function dumpedFile(client: Inspected): ProgramFile {
  const { path } = namedFile(client);
  return { path: path !== null && isRemote(path) ? null : path };
}

/**
 * The file that a runtime names to which a session attaches. Whoever runs that must not have this machine log in to another one,
 * nor have a file taken for the program that is another one: what is beside it is looked at.
 */
export async function checkedFile(client: Inspected): Promise<ProgramFile> {
  const { path } = namedFile(client);
  if (path === null || isRemote(path)) return { path: null };
  try {
    const { size } = await client.request('module/get', { module: MAIN_MODULE });
    if (await isProgram(client, path, size)) return { path };
  } catch (error) {
    // Where tests are run, modules are loaded later.
    if (error instanceof InspectRequestError) return { path };
    throw error;
  }
  const problem = `${printableLines(path)} is not the program that runs, or has changed since: what is beside it is not used. Start the program again if you have built it anew.`;
  return { path: null, problem };
}

async function isProgram(client: Inspected, path: string, size: number): Promise<boolean> {
  const isText = path.endsWith('.wat');
  let found: Buffer;
  try {
    const stats = await stat(path);
    if (!stats.isFile() || (!isText && stats.size !== size)) return false;
    found = await readFile(path);
  } catch {
    return false;
  }
  const { data } = await client.request('module/bytes', { module: MAIN_MODULE });
  const bytes = Buffer.from(data, 'base64');
  if (bytes.equals(found)) return true;
  if (!isText) return false;
  try {
    return bytes.equals(await assembleApart(found.toString('utf8'), path));
  } catch (error) {
    if (error instanceof WatError) return false;
    throw error;
  }
}
