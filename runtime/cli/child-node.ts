/**
 * Starts a Node as a child of this one, with its standard streams and a pipe that closes when this one is gone.
 *
 * An older Node takes six milliseconds to load `child_process` and the sockets that it brings, and to start something by it. The
 * parts of it do the same in one.
 */

/** As the build makes it CommonJS. */
declare const require: NodeJS.Require;

/** A Node that has been started. */
export interface ChildNode {
  kill(signal: NodeJS.Signals): void;
}

interface Start {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The descriptor that its end of the pipe has, beyond those of the standard streams. */
  readonly lifeline: number;
}

interface Listener {
  /** Called once it has ended, with the signal that ended it, or null. */
  ended(code: number, signal: NodeJS.Signals | null): void;
  /** Called instead if it cannot be started. */
  failed(error: Error): void;
}

/** The last Node of which the parts are known to be these. Later ones can replace themselves, and start nothing. */
const LAST_KNOWN = 22;

/** The parts of `child_process`. */
interface ProcessBinding {
  readonly Process: new () => ProcessHandle;
}

interface ProcessHandle {
  onexit: (code: number, signal: NodeJS.Signals | '') => void;
  /** Returns 0, or a negative number if it fails. */
  spawn(options: {
    readonly file: string;
    readonly args: readonly string[];
    readonly envPairs: readonly string[];
    readonly stdio: readonly StreamOfChild[];
  }): number;
  readonly pid: number;
}

interface PipeBinding {
  readonly Pipe: new (type: number) => object;
  readonly constants: { readonly SOCKET: number };
}

type StreamOfChild =
  | { readonly type: 'inherit'; readonly fd: number }
  | { readonly type: 'ignore' }
  | { readonly type: 'pipe'; readonly handle: object };

const STANDARD = [0, 1, 2] as const;

export function startNode(start: Start, listener: Listener): ChildNode {
  return startByHandle(start, listener) ?? startByModule(start, listener);
}

/** @returns null if this Node does not give away such parts, or cannot start it, which `child_process` explains */
function startByHandle({ file, args, env, lifeline }: Start, { ended }: Listener): ChildNode | null {
  if (process.platform === 'win32' || Number.parseInt(process.versions.node, 10) > LAST_KNOWN) return null;
  const { binding } = process as unknown as { binding(name: string): unknown };
  try {
    // Nodes that are told to warn of what may go one day would warn of this.
    process.noDeprecation = true;
    const { Process } = binding('process_wrap') as ProcessBinding;
    const { Pipe, constants } = binding('pipe_wrap') as PipeBinding;
    const stdio: StreamOfChild[] = STANDARD.map((fd) => ({ type: 'inherit', fd }));
    while (stdio.length < lifeline) stdio.push({ type: 'ignore' });
    stdio.push({ type: 'pipe', handle: new Pipe(constants.SOCKET) });
    const child = new Process();
    child.onexit = (code, signal) => ended(code, signal === '' ? null : signal);
    const envPairs = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    if (child.spawn({ file, args: [file, ...args], envPairs, stdio }) !== 0) return null;
    return { kill: (signal) => process.kill(child.pid, signal) };
  } catch {
    return null;
  }
}

function startByModule({ file, args, env, lifeline }: Start, { ended, failed }: Listener): ChildNode {
  const { spawn } = require('node:child_process') as typeof import('node:child_process');
  const ignored = Array<'ignore'>(lifeline - STANDARD.length).fill('ignore');
  const child = spawn(file, args, { env, stdio: ['inherit', 'inherit', 'inherit', ...ignored, 'pipe'] });
  child.on('error', failed);
  child.on('exit', (code, signal) => ended(code ?? 1, signal));
  return child;
}
