import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { environmentForOthers } from '../node/editor-variables.ts';
import type { LunaticCommand } from '../node/lunatic-command.ts';
import { type Fault, type Line, readCargoLine, readRustLine, TextReader } from './compiler-messages.ts';
import { filesByAge, modifiedAt, newestFile } from './files.ts';
import { FirstError } from './first-error.ts';
import type { Build, ModulePlace, Step } from './project.ts';
import { hasRemedy, isMissing, missingTool } from './tools.ts';

/** Modules of a folder that a build is said to have made, at most. */
const MAX_MODULES = 100;

/** Who looks at a build while it runs. */
export interface BuildListener {
  /** A line for people, with colours. */
  line(text: string): void;
  fault(fault: Fault): void;
  /**
   * Called when cargo has a target without an error: it has compiled it, or nothing has changed since it did.
   * @param isTest whether the code is in it that only tests use
   */
  compiled(target: string, isTest: boolean): void;
}

/** A build whose tool has reported errors. The message begins with the one that matters if it is at no place in a source. */
export class BuildFailure extends Error {
  override readonly name = 'BuildFailure';
  readonly code = 'LUNATIC_BUILD';
  /** How it has ended, for those who have read what the tool has printed. */
  readonly end: string;

  /** @param error the one that matters; empty if it need not be told */
  constructor(end: string, error = '') {
    super(error === '' ? end : `${error}\n${end}`);
    this.end = end;
  }
}

/**
 * Builds a module, unless it is newer than everything that it is made of.
 * @param node finds the Node that runs compilers written for it, and the variables with which it does
 * @returns the paths of the modules: one, unless tests are built or the module may be any of a folder. Those are sorted, the newest first
 * @throws BuildFailure; ProjectError if a tool is missing; the signal's reason
 */
export async function runBuild(
  build: Build,
  listener: BuildListener,
  node: () => Promise<Pick<LunaticCommand, 'node' | 'env'>>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { module } = build;
  if (module.kind === 'file') {
    if (await isUpToDate(build, module.path)) return [module.path];
    await mkdir(dirname(module.path), { recursive: true });
  }
  const made = new Set<string>();
  const base = build.base ?? build.cwd;
  const text = new TextReader(base);
  const readers = {
    cargo: (line: string) => readCargoLine(line, base),
    rustc: (line: string) => readRustLine(line, base),
    text: (line: string) => text.read(line),
  };
  const error = new FirstError();
  let hasFault = false;
  const ofTests = module.kind === 'cargo tests' ? { isOfTests: true } : {};
  const take = (line: string) => {
    const read: Line = readers[build.output](line);
    if (read.text !== undefined) {
      listener.line(read.text);
      error.read(read.text);
    }
    if (read.fault !== undefined) {
      listener.fault({ ...read.fault, ...ofTests });
      hasFault ||= read.fault.severity === 'error';
    }
    if (read.made !== undefined) listener.compiled(read.made.target, read.made.isTest);
    if (read.made === undefined || !isWanted(read.made, module)) return;
    for (const file of read.made.files) if (file.endsWith('.wasm')) made.add(file);
  };
  for (const step of build.steps) {
    const { node: command, env } = step.command === 'node' ? await node() : { node: step.command, env: {} };
    try {
      await runStep({ ...step, command }, { cwd: build.cwd, env }, take, signal);
    } catch (failure) {
      if (!(failure instanceof BuildFailure)) throw failure;
      if (error.missing !== undefined && hasRemedy(error.missing)) throw missingTool(error.missing);
      if (hasFault || error.text === '') throw failure;
      throw new BuildFailure(failure.end, error.text);
    }
  }
  switch (module.kind) {
    case 'file':
      if (existsSync(module.path)) return [module.path];
      break;
    case 'newest': {
      const newest = await newestFile(module.folder, /\.wasm$/);
      if (newest !== undefined) return [newest.path];
      break;
    }
    case 'folder': {
      const found = await filesByAge(module.folder, /\.wasm$/);
      if (found.length > 0) return found.slice(0, MAX_MODULES).map(({ path }) => path);
      break;
    }
    default:
      if (made.size > 0) return [...made];
  }
  throw new BuildFailure(`The build has succeeded, but ${nothingMade(build)}`);
}

/** Why there is no module after a build, and what to do. */
function nothingMade({ module, steps }: Build): string {
  switch (module.kind) {
    case 'file': {
      const { path, namedBy } = module;
      return `it has not made ${path}${namedBy === undefined ? '' : `. Is the module that is run somewhere else? ${namedBy} must name it`}`;
    }
    case 'newest':
    case 'folder': {
      // The last step makes the module.
      const step = steps.at(-1);
      const example = {
        module: 'path/of/program.wasm',
        ...(step === undefined ? {} : { build: [step.command, ...step.args] }),
      };
      const hint = module.kind === 'newest' || module.hint === undefined ? '' : ` ${module.hint}.`;
      return `there is no .wasm file in ${module.folder}.${hint} If it is somewhere else, or another command makes it, a lunatic.json in this folder can say so: ${JSON.stringify(example)}`;
    }
    case 'cargo':
      return `cargo has made no .wasm file of the ${module.of} ${module.name}. If Cargo.toml gives it a crate-type, that must be "bin" or "cdylib"`;
    case 'cargo tests':
      return 'cargo has made no .wasm file with tests. Does Cargo.toml turn them off, with "test = false"?';
  }
}

/** Whether something that cargo has made is what is built. */
function isWanted({ name, kinds, isTest }: NonNullable<Line['made']>, module: ModulePlace): boolean {
  if (module.kind === 'cargo tests') return isTest;
  return module.kind === 'cargo' && name === module.name && kinds.includes(module.of);
}

async function isUpToDate({ sources }: Build, module: string): Promise<boolean> {
  if (sources === undefined) return false;
  const modified = await modifiedAt(module);
  if (modified === undefined) return false;
  const newest = await newestFile(sources.folder, sources.names);
  return newest !== undefined && newest.modified < modified;
}

/** Runs a command to its end. Whatever it has started ends with it if the build is given up. */
async function runStep(
  { command, args }: Step,
  { cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
  take: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  take(`> ${[command, ...args].join(' ')}`);
  const child = spawn(command, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that the compilers that cargo and make have started can be ended, too.
    detached: process.platform !== 'win32',
    // On Windows `npm` is a batch file.
    shell: process.platform === 'win32' && command === 'npm',
    env: { ...environmentForOthers(), ...env, CARGO_TERM_COLOR: 'always' },
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', (error) => reject(isMissing(error) && existsSync(cwd) ? missingTool(command) : error));
    child.on('close', (code, ending) => {
      if (code === 0) resolve();
      else reject(new BuildFailure(`${basename(command)} has ended with ${ending ?? `code ${code}`}`));
    });
  });
  const stop = () => end(child);
  signal.addEventListener('abort', stop);
  try {
    await Promise.all([ended, readLines(child.stdout, take), readLines(child.stderr, take)]);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function readLines(stream: Readable, take: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }))
    take(line);
}

/** Ends an OS process, and what it has started. */
function end({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  if (process.platform === 'win32') {
    spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore' });
    return;
  }
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // It has ended meanwhile.
  }
}
