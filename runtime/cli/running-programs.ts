/**
 * The programs of this user on this machine that can be inspected. Each has a file in a folder that nobody else can change, with its
 * address, and so with its token: only this user may read it.
 */
import { readdirSync, realpathSync, rmSync } from 'node:fs';
import { connect, isIPv4 } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import type { PreopenedDirectory } from '../permissions/config.ts';
import { permissionFor } from '../permissions/path-permission.ts';
import { cacheFolder } from './cache-folder.ts';
import { isPrivateFolder, makePrivateFolder, readPrivate, writePrivate } from './private-files.ts';

/** A program that can be inspected. */
export interface RunningProgram {
  /** Of its OS process. */
  readonly pid: number;
  /** The address of its inspector, with the token. */
  readonly url: string;
  /** The path of its module, or of several, as its command line has it. */
  readonly program: string;
  readonly arguments: readonly string[];
  /** The folder in which it runs. */
  readonly cwd: string;
  /** Whether its processes can be stopped in the midst of their code. */
  readonly debug: boolean;
  /** A Unix time in milliseconds. */
  readonly started: number;
}

/** What a file contains. Folders of users may be those of several machines. */
const Entry = v.object({
  host: v.string(),
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  url: v.pipe(v.string(), v.url(), v.startsWith('ws://'), v.check(isOfThisMachine)),
  program: v.string(),
  arguments: v.array(v.string()),
  cwd: v.string(),
  debug: v.boolean(),
  started: v.number(),
});

/** The names of these files: the id of the OS process and something by chance. Others are left alone. */
const NAME = /^\d+-[0-9a-z]+\.json$/;

/** Programs that are listed at most. */
const MAX_PROGRAMS = 100;

/** Milliseconds in which an inspector accepts a connection. */
const CONNECT_TIME = 1000;

/** The folder of these files. Null if nothing is kept. */
function runningFolder(environment: NodeJS.ProcessEnv): string | null {
  const folder = cacheFolder(environment);
  return folder === null ? null : join(folder, 'running');
}

/**
 * Lists this program for others of the same user, until it ends. Where that cannot be done, as where others could read or change the
 * list, it is not listed.
 * @returns removes it from the list
 */
export function listProgram(program: RunningProgram, environment = process.env): () => void {
  const folder = runningFolder(environment);
  if (folder === null || !makePrivateFolder(folder)) return () => {};
  const path = join(folder, `${program.pid}-${Math.random().toString(36).slice(2)}.json`);
  const remove = () => rmSync(path, { force: true });
  try {
    // Those that were killed could not remove their own.
    for (const name of readdirSync(folder)) readEntry(join(folder, name), name);
    // Where it listens on all addresses, it can be reached at that of this machine.
    const url = program.url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
    writePrivate(path, [Buffer.from(JSON.stringify({ host: hostname(), ...program, url }))]);
  } catch {
    return () => {};
  }
  process.on('exit', remove);
  return () => {
    process.off('exit', remove);
    remove();
  };
}

/** Whether a guest with these directories could read the list, and its own token there. */
export function isListReadable(
  directories: readonly PreopenedDirectory[],
  environment = process.env,
): boolean {
  const folder = runningFolder(environment);
  if (folder === null) return false;
  try {
    const real = directories.map(({ guestPath, hostPath }) => ({
      guestPath,
      hostPath: realpathSync.native(hostPath),
    }));
    return permissionFor(real, realpathSync.native(folder)).granted;
  } catch {
    return false;
  }
}

/** Finds the programs that run, the one that has started last first. What is left of others is removed. */
export async function runningPrograms(environment = process.env): Promise<RunningProgram[]> {
  const folder = runningFolder(environment);
  if (folder === null || !isPrivateFolder(folder)) return [];
  const found = readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const program = readEntry(path, name);
    return program === undefined ? [] : [{ path, program }];
  });
  found.sort((a, b) => b.program.started - a.program.started);
  const answers = await Promise.all(
    found.slice(0, MAX_PROGRAMS).map(async ({ path, program }) => {
      if (await listens(program.url)) return [program];
      // Its id belongs to something else by now.
      rmSync(path, { force: true });
      return [];
    }),
  );
  return answers.flat();
}

/** Reads a file of the list. One that belongs to no OS process, or cannot be read, is removed. */
function readEntry(path: string, name: string): RunningProgram | undefined {
  if (!NAME.test(name)) return undefined;
  const read = readPrivate(path);
  const entry = v.safeParse(Entry, read === null ? undefined : parsed(read.bytes));
  if (!entry.success) {
    rmSync(path, { force: true, recursive: true });
    return undefined;
  }
  const { host, ...program } = entry.output;
  if (host !== hostname()) return undefined;
  if (isAlive(program.pid)) return program;
  rmSync(path, { force: true });
  return undefined;
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}

/** Whether there is an OS process with this id. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is one of another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Whether an address is one of this machine. What else can write to the list, as a guest that was given a folder around it, must not
 * lead a debugger elsewhere. A name is looked up by others, so it says nothing.
 */
function isOfThisMachine(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const host = hostOf(new URL(url));
  if (host === 'localhost' || isLoopback(host)) return true;
  return Object.values(networkInterfaces()).some((own) => own?.some(({ address }) => address === host));
}

function isLoopback(host: string): boolean {
  return host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** A name, or an address without the brackets that it has in a URL. */
function hostOf({ hostname: host }: URL): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

/** Whether something accepts connections at an address. */
function listens(url: string): Promise<boolean> {
  const address = new URL(url);
  return new Promise((done) => {
    const socket = connect({ host: hostOf(address), port: Number(address.port) });
    const answer = (isThere: boolean) => () => {
      socket.destroy();
      done(isThere);
    };
    socket.setTimeout(CONNECT_TIME, answer(true));
    socket.on('connect', answer(true)).on('error', answer(false));
  });
}
