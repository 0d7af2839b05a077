import { closeSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CapabilitiesEvent, InitializedEvent, TerminatedEvent } from '@vscode/debugadapter';
import { DUMP_REFUSAL, InspectClient } from '../../runtime/internal.ts';
import type { Arguments } from '../arguments.ts';
import { Debuggee } from '../debuggee.ts';
import { AdapterError, ErrorId } from '../errors.ts';
import { Output } from '../output.ts';
import { chosenProcesses } from '../process-patterns.ts';
import { namedFile } from '../program-file.ts';
import type { LaunchArguments } from '../protocol.ts';
import { type RequestHandler, request } from '../request.ts';
import { RuntimeProcess } from '../runtime-process.ts';
import type { Session } from '../session.ts';
import { SourcesAhead } from '../sources-ahead.ts';
import { launchCoreDump } from './launch-core-dump.ts';

/** Names the adapter for the runtime. */
export const CLIENT_NAME = 'lunatic debug adapter';

type Optional = 'coreDump' | 'cwd' | 'stdin' | 'entry' | 'runtime' | 'lunatic';
type Parsed = Required<Omit<LaunchArguments, Optional | 'trace' | 'token'>> &
  Record<Optional, string | undefined> & { readonly trace: true | string | undefined };

/** What a session was launched with, to launch it again. */
const launched = new WeakMap<Session, Parsed>();

const handler: RequestHandler<Parsed, null> = {
  states: ['idle'],
  parse: (args: Arguments): Parsed => ({
    coreDump: args.optionalText('coreDump'),
    program:
      args.optionalText('coreDump') === undefined
        ? args.text('program')
        : (args.optionalText('program') ?? ''),
    args: args.texts('args'),
    env: args.environment('env'),
    cwd: args.optionalText('cwd'),
    runtimeArgs: args.texts('runtimeArgs'),
    dirs: args.texts('dirs'),
    stdin: args.optionalText('stdin'),
    entry: args.optionalText('entry'),
    sourceFileMap: args.paths('sourceFileMap'),
    stopIn: args.texts('stopIn'),
    stopNotIn: args.texts('stopNotIn'),
    stopOnEntry: args.optionalBoolean('stopOnEntry') ?? false,
    noDebug: args.optionalBoolean('noDebug') ?? false,
    runtime: args.optionalText('runtime'),
    lunatic: args.optionalText('lunatic'),
    trace: args.switchOrText('trace'),
  }),

  async handle(session, args): Promise<null> {
    launched.set(session, args);
    const { noDebug, stopOnEntry, sourceFileMap, coreDump } = args;
    if (coreDump !== undefined) {
      session.trace(args.trace, resolve(args.cwd ?? process.cwd()));
      await launchCoreDump(session, { ...args, coreDump });
      return null;
    }
    const chosen = chosenProcesses('launch', args);
    session.trace(args.trace, resolve(args.cwd ?? dirname(resolve(args.program))));
    const command = runtimeCommand(session, args);
    const stdin = args.stdin === undefined ? undefined : openInput(resolve(command.cwd, args.stdin));
    const opened = session.open(async (own) => {
      const output = new Output((event) => session.sendEvent(event));
      const runtime = new RuntimeProcess({ ...command, stdin }, (stream, bytes) => {
        output.print(stream, bytes);
        if (session.whenDrained(() => runtime.resumeOutput())) runtime.pauseOutput();
      });
      if (stdin !== undefined) closeSync(stdin);
      own(runtime);
      const ahead = noDebug ? undefined : new SourcesAhead(command.path);
      const client = await connect(runtime).catch((error: unknown) => {
        ahead?.thread.close();
        throw error;
      });
      return await new Debuggee({
        client,
        file: namedFile(client),
        process: runtime,
        ahead,
        output,
        session,
        noDebug,
        stopOnEntry,
        sourceFileMap,
        chosen,
      }).prepare();
    });
    await session.progress.during('Starting the program', opened, () => session.terminate());
    return null;
  },

  afterwards(session, { coreDump }) {
    if (coreDump === undefined) session.sendEvent(new CapabilitiesEvent({ supportsRestartRequest: true }));
    session.sendEvent(new InitializedEvent());
  },
};

export const launch = request(handler);

/** Ends the program and launches it again, as it was or with new arguments. The client sets its breakpoints anew. */
export const restart = request({
  parse: (args: Arguments) => {
    const anew = args.object('arguments');
    return Object.keys(anew.all).length === 0 ? null : handler.parse(anew);
  },
  async handle(session, anew): Promise<null> {
    const args = anew ?? launched.get(session);
    if (launched.get(session)?.coreDump !== undefined)
      throw new AdapterError(ErrorId.NotSupported, DUMP_REFUSAL);
    if (args === undefined) {
      const message = 'The program was not started here: start it again where it was, and attach to it';
      throw new AdapterError(ErrorId.NotSupported, message);
    }
    try {
      await session.leaveProgram();
      await handler.handle(session, args);
    } catch (error) {
      // There is nothing left to debug, of which a client that ends the session knows.
      if (session.state.kind === 'idle') session.sendEvent(new TerminatedEvent());
      throw error;
    }
    return null;
  },
  afterwards(session) {
    session.sendEvent(new InitializedEvent());
  },
});

async function connect(runtime: RuntimeProcess): Promise<InspectClient> {
  try {
    return await InspectClient.connect(await runtime.announced, { client: CLIENT_NAME });
  } catch (error) {
    const wasEnded = runtime.isToldToEnd;
    await runtime.end();
    if (wasEnded) throw new AdapterError(ErrorId.Cancelled, 'The session was ended before the program began');
    throw error;
  }
}

function runtimeCommand(session: Session, args: Parsed) {
  const { program, entry, dirs, runtimeArgs, noDebug } = args;
  const cwd = resolve(args.cwd ?? dirname(resolve(program)));
  if (!isFolder(cwd)) throw new AdapterError(ErrorId.FolderNotFound, `The folder '${cwd}' is not found`);
  const path = resolve(cwd, program);
  checkProgram(path);
  const lunatic = args.lunatic ?? session.defaults.lunatic;
  if (lunatic === undefined) {
    throw new AdapterError(ErrorId.BadArguments, "launch: 'lunatic' must be the path of lunatic.cjs");
  }
  const runtime = args.runtime ?? session.defaults.runtime ?? process.execPath;
  if (runtimeArgs.includes('--')) {
    const message = "launch: 'runtimeArgs' are options of 'lunatic run'; 'args' are those of the program";
    throw new AdapterError(ErrorId.BadArguments, message);
  }
  const runArguments = [
    'run',
    ...runtimeArgs,
    // Nobody else is to attach to it.
    noDebug ? '--inspect=unlisted' : '--inspect=debug,unlisted',
    '--inspect-wait',
    ...(entry === undefined ? [] : [`--entry=${entry}`]),
    ...dirs.map((dir) => `--dir=${dir}`),
    '--',
    path,
    ...args.args,
  ];
  return { path, runtime, arguments: [lunatic, ...runArguments], cwd, env: environment(runtime, args.env) };
}

/** The environment variables of the adapter, changed as the session wants. */
function environment(runtime: string, changes: Readonly<Record<string, string | null>>): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete env[name];
    else env[name] = value;
  }
  // Electron behaves as Node only with this variable.
  if (process.versions['electron'] !== undefined && runtime === process.execPath) {
    env['ELECTRON_RUN_AS_NODE'] = '1';
  }
  return env;
}

/** Opens a file for reading, and returns its descriptor. */
function openInput(path: string): number {
  let why = 'it is not a file';
  try {
    const stats = statSync(path);
    // Opening a pipe would wait for a writer.
    if (stats.isFile() || stats.isCharacterDevice()) return openSync(path, 'r');
  } catch (error) {
    why = error instanceof Error ? error.message : String(error);
  }
  throw new AdapterError(ErrorId.InputUnreadable, `The input '${path}' cannot be read: ${why}`);
}

function checkProgram(path: string): void {
  let isFile: boolean;
  try {
    isFile = !statSync(path).isDirectory();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new AdapterError(ErrorId.ProgramNotFound, `The program '${path}' is not found`, { cause: error });
    }
    const why = error instanceof Error ? error.message : String(error);
    throw new AdapterError(ErrorId.ProgramUnreadable, `The program '${path}' cannot be read: ${why}`, {
      cause: error,
    });
  }
  if (!isFile) {
    const message = `The program '${path}' is a folder: name a .wasm or .wat file`;
    throw new AdapterError(ErrorId.ProgramIsFolder, message);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
