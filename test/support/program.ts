import {
  type AnyPlugin,
  type Exit,
  type InputStream,
  type OutputStream,
  type Process,
  ProcessConfig,
  type Root,
  Runtime,
} from '../../runtime/internal.ts';
import type { Machine } from '../../runtime/kernel/capacity.ts';
import { dataMessage } from '../../runtime/kernel/message.ts';
import type { LoadOptions } from '../../runtime/kernel/module.ts';
import { NO_TAG } from '../../runtime/kernel/tag.ts';
import { Where } from '../../runtime/kernel/where.ts';
import { PluginHost } from '../../runtime/plugins/plugin-host.ts';
import type { RuntimeOptions } from '../../runtime/runtime.ts';
import { assembleText } from '../../runtime/wat/index.ts';
import { isOnOneScheduler } from './schedulers/one-scheduler.ts';
import { SCHEDULERS, SeveralSchedulers } from './schedulers/several-schedulers.ts';

/** An output stream that keeps what is printed. */
export class Capture implements OutputStream {
  readonly isTerminal = false;
  readonly isFull = false;
  #chunks: Uint8Array[] = [];

  write(bytes: Uint8Array): null {
    this.#chunks.push(bytes.slice());
    return null;
  }

  whenWritable(): () => void {
    return () => {};
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.bytes.toString();
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }
}

/** An input stream that a test feeds. */
export class Feed implements InputStream {
  readonly isTerminal = false;
  #bytes = Buffer.alloc(0);
  #ended = false;
  #waiting = new Set<() => void>();

  push(text: string): void {
    this.#bytes = Buffer.concat([this.#bytes, Buffer.from(text)]);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Readers that wait at the moment. */
  get waiting(): number {
    return this.#waiting.size;
  }

  read(length: number): Uint8Array | null {
    if (this.#bytes.length === 0) return this.#ended ? new Uint8Array(0) : null;
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(taken.length);
    return taken;
  }

  whenReadable(ready: () => void): () => void {
    this.#waiting.add(ready);
    if (this.#bytes.length > 0 || this.#ended) setImmediate(() => this.#wake());
    return () => this.#waiting.delete(ready);
  }

  unread(bytes: Uint8Array): void {
    this.#bytes = Buffer.concat([bytes, this.#bytes]);
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const ready of waiting) ready();
  }
}

export interface ProgramOptions {
  readonly config?: ProcessConfig;
  readonly machine?: Machine;
  readonly plugins?: readonly AnyPlugin[];
  /** What is in front of the router of this scheduler. */
  readonly route?: RuntimeOptions['route'];
  /** What modules may have. */
  readonly limits?: LoadOptions;
  /** What makes large modules. */
  readonly maker?: RuntimeOptions['maker'];
  /** Export to call, without parameters. Default: `_start`. */
  readonly entry?: string;
  readonly input?: InputStream;
  /** Whether to hold a process that traps. */
  readonly holds?: () => boolean;
  /** The root process is paused before it begins. */
  readonly paused?: boolean;
  /** Told of the end of every process too. */
  readonly onExit?: () => void;
}

/** A program that runs, or ran, in this Node. */
export interface Program {
  readonly runtime: Runtime;
  readonly root: Root;
  readonly stdout: Capture;
  readonly stderr: Capture;
  /** Every process that ended so far, in order. */
  readonly exits: { readonly process: Process; readonly exit: Exit }[];
  /** Settles when no process is left. */
  readonly empty: Promise<void>;
}

/** Options that a program on several schedulers may have: the others need a runtime of their own. */
const ANYWHERE = new Set(['config', 'entry', 'input', 'paused', 'onExit']);

/** Starts a program given as WAT text or as a binary. */
export async function start(source: string | Uint8Array, options: ProgramOptions = {}): Promise<Program> {
  const mayBeApart = SCHEDULERS > 1 && Object.keys(options).every((name) => ANYWHERE.has(name));
  if (mayBeApart && !isOnOneScheduler()) return await startApart(source, options);
  const exits: { process: Process; exit: Exit }[] = [];
  const { promise: empty, resolve: becomeEmpty } = Promise.withResolvers<void>();
  const runtime = new Runtime({
    observer: {
      onExit: (process, exit) => {
        exits.push({ process, exit });
        if (process.environment.size === 0) becomeEmpty();
        options.onExit?.();
      },
      holds: () => options.holds?.() ?? false,
    },
    ...(options.machine === undefined ? {} : { machine: options.machine }),
    ...(options.plugins === undefined ? {} : { plugins: new PluginHost(options.plugins) }),
    ...(options.route === undefined ? {} : { route: options.route }),
    ...(options.maker === undefined ? {} : { maker: options.maker }),
    ...options.limits,
  });
  const bytes = typeof source === 'string' ? await assembleText(source, 'test.wat') : source;
  const stdout = new Capture();
  const stderr = new Capture();
  const root = await runtime.run(runtime.load(bytes), {
    config: options.config ?? ProcessConfig.forRoot(),
    stdio: { input: options.input ?? new Feed(), output: stdout, error: stderr },
    entry: { name: options.entry ?? '_start', params: [] },
    onCreated: (process) => {
      if (options.paused) runtime.scheduler.holding.pause([process]);
    },
  });
  return { runtime, root, stdout, stderr, exits, empty };
}

/** Starts a program whose processes begin on other schedulers than their parents. */
async function startApart(source: string | Uint8Array, options: ProgramOptions): Promise<Program> {
  const several = await SeveralSchedulers.shared();
  const { runtime } = several;
  const exits: { process: Process; exit: Exit }[] = [];
  const [stdout, stderr] = [new Capture(), new Capture()];
  const bytes = typeof source === 'string' ? await assembleText(source, 'test.wat') : source;
  const root = await runtime.run(runtime.load(bytes), {
    config: options.config ?? ProcessConfig.forRoot(),
    stdio: { input: options.input ?? new Feed(), output: stdout, error: stderr },
    entry: { name: options.entry ?? '_start', params: [] },
    onCreated: (process) => {
      process.childrenWhere = Where.Apart;
      several.watch(process.environment, (ended, exit) => {
        exits.push({ process: ended, exit });
        options.onExit?.();
      });
      if (options.paused) runtime.scheduler.holding.pause([process]);
    },
  });
  const { environment } = root;
  return {
    runtime,
    root,
    stdout,
    stderr,
    exits,
    get empty() {
      return several.whenEmpty(environment);
    },
  };
}

/** Runs a program until its root process has ended, and ends what that left behind. */
export async function run(
  source: string | Uint8Array,
  options: ProgramOptions = {},
): Promise<Program & { readonly exit: Exit }> {
  const program = await start(source, options);
  const exit = await program.root.ended;
  program.root.stop();
  const { environment } = program.root;
  while (environment.size + (environment.elsewhere?.size ?? 0) > 0)
    await new Promise((turn) => setImmediate(turn));
  return { ...program, exit };
}

/** Runs a program until its last process has ended by itself. */
export async function runAll(
  source: string | Uint8Array,
  options: ProgramOptions = {},
): Promise<Program & { readonly exit: Exit }> {
  const program = await start(source, options);
  const exit = await program.root.ended;
  await program.empty;
  return { ...program, exit };
}

/** Runs a program whose root process must trap, and returns what its author reads. */
export async function trapOf(source: string, options: ProgramOptions = {}): Promise<string> {
  const { exit, stdout } = await run(source, options);
  if (exit.kind === 'trapped') return exit.message;
  throw new Error(`the guest did not trap: ${exit.kind}, it printed ${JSON.stringify(stdout.text)}`);
}

/** Runs a program whose root process must end normally, and returns the lines it printed. */
export async function linesOf(source: string | Uint8Array, options: ProgramOptions = {}): Promise<string[]> {
  const { exit, stdout } = await run(source, options);
  if (exit.kind === 'returned') return stdout.lines;
  const message = 'message' in exit ? `: ${exit.message}` : '';
  throw new Error(`the guest ${exit.kind}${message}; it printed ${JSON.stringify(stdout.text)}`);
}

/** Sends an empty message to the root process, which waits for it. */
export function nudge({ root }: Program): void {
  root.environment.router.deliverMessage(root.process.id, dataMessage(NO_TAG));
}

/** The binary of a module given as text, for a guest that compiles it. */
export function assemble(source: string): Promise<Uint8Array> {
  return assembleText(source, 'test.wat');
}
