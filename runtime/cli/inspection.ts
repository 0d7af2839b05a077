import { setTimeout } from 'node:timers/promises';
import manifest from '../../package.json' with { type: 'json' };
import type { InspectAddress } from '../inspect/address.ts';
import type { Program } from '../inspect/client-session.ts';
import { Inspector } from '../inspect/inspector.ts';
import { INSPECTOR_ANNOUNCEMENT, PROTOCOL_VERSION, type Welcome } from '../inspect/protocol.ts';
import { InspectServer } from '../inspect/server.ts';
import type { Exit } from '../kernel/exit.ts';
import type { LoadedModule } from '../kernel/module.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import type { OutputStream } from '../kernel/stdio.ts';
import type { Runtime } from '../runtime.ts';
import { printableLines } from '../text/printable.ts';
import { bytesOf } from '../text/quantities.ts';
import { CommandError } from './load.ts';
import { isListReadable, listProgram } from './running-programs.ts';
import { watchedStream } from './watched-stream.ts';

/** Milliseconds after which it is looked at again whether processes stand still. */
const LOOKING_INTERVAL = 20;

/** The program that is inspected. */
export interface InspectedProgram {
  /** The path of its module, or of several modules. */
  readonly path: string;
  readonly arguments: readonly string[];
  /** Whether its root processes are tests. */
  readonly isOfTests?: boolean;
}

export interface InspectedHow {
  /** Whether the program begins when a client says so. */
  readonly waits: boolean;
  /** Whether its processes can be stopped in the midst of their code. */
  readonly debug: boolean;
  /** Whether others of this user are told of it that want to attach to a program. */
  readonly listed: boolean;
}

/** A program that can be inspected while it runs. */
export class Inspection {
  readonly #program: InspectedProgram;
  readonly #address: InspectAddress;
  readonly #started = Promise.withResolvers<void>();
  readonly #debug: boolean;
  readonly #listed: boolean;
  #waiting: boolean;
  #pausesRoots = false;
  #hasLost = false;
  #inspector: Inspector | null = null;
  #server: InspectServer | null = null;
  /** Removes the program from the list of those that run. */
  #unlist = (): void => {};

  constructor(program: InspectedProgram, address: InspectAddress, { waits, debug, listed }: InspectedHow) {
    this.#program = program;
    this.#address = address;
    this.#waiting = waits;
    this.#debug = debug;
    this.#listed = listed;
    if (!waits) this.#started.resolve();
  }

  /**
   * Lets clients see the processes of a runtime, and waits until the program may begin. The first call begins to listen.
   * @param runtime the same in every call
   * @param module what root processes are made of
   * @throws CommandError where it cannot listen
   */
  async begin({ scheduler }: Runtime, module: LoadedModule): Promise<void> {
    this.#inspector ??= new Inspector(scheduler, this.#program.path);
    this.#inspector.holding.hasProgram = this.#program.isOfTests !== true;
    this.#inspector.addModule(module);
    this.#server ??= await this.#listen(scheduler, this.#inspector);
    await this.#started.promise;
  }

  /**
   * Called when a program would end, unless processes stand still or step for a client: they would end while somebody looks at them.
   * Resolves when none does any more.
   * @param reason why it would end, for clients
   */
  async untilNobodyLooks(reason: string): Promise<void> {
    // A step may be about to end.
    if (await this.#isLookedAt()) await setTimeout(LOOKING_INTERVAL);
    if (await this.#isLookedAt()) this.#server?.tellPutOff(reason);
    while (await this.#isLookedAt()) {
      while (await this.#isLookedAt()) await setTimeout(LOOKING_INTERVAL);
      // What has just been let go has a moment for what it was about to do.
      await setTimeout(LOOKING_INTERVAL);
    }
  }

  /** Whether somebody looks at a process that stands still, on any scheduler. */
  async #isLookedAt(): Promise<boolean> {
    if (this.#inspector === null || this.#inspector.isLookedAt) return this.#inspector !== null;
    const { others, sessions } = this.#inspector;
    return others !== null && sessions.size > 0 && (await others.isLookedAt());
  }

  /** What is inspected; null before the program begins. */
  get inspector(): Inspector | null {
    return this.#inspector;
  }

  async #listen(scheduler: Scheduler, inspector: Inspector): Promise<InspectServer> {
    const answers: Program = {
      welcome: () => {
        // What waits for anything but a message cannot be looked at later. That is rare enough to cost nothing.
        scheduler.stacks.keepRare();
        return this.#welcome();
      },
      start: (pauseRoot) => {
        this.#waiting = false;
        this.#pausesRoots = pauseRoot;
        this.#started.resolve();
      },
      lost: (unread) => this.#tellOfLost(unread),
    };
    const { host, port } = this.#address;
    try {
      const server = await InspectServer.listen(this.#address, inspector, answers);
      process.stderr.write(`${INSPECTOR_ANNOUNCEMENT}${server.url}\n`);
      if (this.#listed) this.#unlist = this.#list(server.url);
      return server;
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      throw new CommandError(`The inspector cannot listen on ${host}:${port}: ${cause}`, { cause: error });
    }
  }

  #list(url: string): () => void {
    const { path, arguments: args } = this.#program;
    const { pid } = process;
    return listProgram({
      ...{ pid, url, program: path, arguments: args, cwd: process.cwd(), debug: this.#debug },
      started: Date.now(),
    });
  }

  /** Says why a client was disconnected. Once is enough: others may connect again and again. */
  #tellOfLost(unread: number): void {
    if (this.#hasLost) return;
    this.#hasLost = true;
    process.stderr.write(
      `lunatic: an inspection client was disconnected, since it had not read ${bytesOf(unread)} that were sent to it\n`,
    );
  }

  #welcome(): Welcome {
    return {
      version: PROTOCOL_VERSION,
      runtime: `lunatic ${manifest.version}`,
      pid: process.pid,
      program: this.#program.path,
      arguments: this.#program.arguments,
      cwd: process.cwd(),
      waiting: this.#waiting,
      debug: this.#debug,
    };
  }

  /**
   * Shows clients a root process that has just been made. It is held at its entry if a client has asked for that. A program that could
   * read its token in the list of those that run is in it no more.
   */
  add(root: Process): void {
    if (isListReadable(root.config.preopenedDirectories)) this.#unlist();
    this.#inspector?.index.add(root);
    if (this.#pausesRoots) this.#inspector?.holding.pauseAtEntry(root);
  }

  /** Tells clients what the process that has the turn prints. */
  print(name: 'stdout' | 'stderr', bytes: Uint8Array): void {
    this.#inspector?.printed(bytes);
    this.#server?.output(name, bytes);
  }

  /** A stream that prints to the given one, and tells clients too. */
  watched(name: 'stdout' | 'stderr', stream: OutputStream): OutputStream {
    return watchedStream(stream, (bytes) => this.print(name, bytes));
  }

  /** Tells the clients how the program has ended. */
  async close(exitCode: number, exit: Exit | string): Promise<void> {
    this.#unlist();
    const said = typeof exit === 'string' ? exit : 'message' in exit ? exit.message : exit.kind;
    const reason = printableLines(said);
    const { others, sessions } = this.#inspector ?? {};
    if (others != null && sessions?.size !== 0) await others.settle();
    await this.#server?.close({ exitCode, reason });
  }
}
