import type { Exit } from '../../kernel/exit.ts';
import { FULL_STACK_DEPTH, processStack, stackFrame } from '../../kernel/guest-stack.ts';
import type { LoadedModule } from '../../kernel/module.ts';
import type { Process } from '../../kernel/process.ts';
import type { Scheduler } from '../../kernel/scheduler.ts';
import type { StackFrame } from '../../symbols/stack-frame.ts';
import type { KeptFrame } from '../../wasm/index.ts';
import { globalsOf } from '../globals.ts';
import { keptLocals } from '../kept-locals.ts';
import { LastOutput } from '../last-output.ts';
import { Modules } from '../modules.ts';
import { processEnd } from '../process-end.ts';
import { ProcessIndex } from '../process-index.ts';
import { messageInfo } from '../process-info.ts';
import type { LocalInfo, MessageInfo, Welcome } from '../protocol.ts';
import { Queries } from '../queries.ts';
import { type DumpContent, MAIN_KEY } from './dump-content.ts';
import { MAX_MESSAGE_BYTES, MAX_MESSAGES, NO_LOCALS } from './dump-limits.ts';
import { DumpModule } from './dump-module.ts';
import { leftOutOf, MemoryPieces } from './memory-pieces.ts';

/** The program whose processes are dumped. */
export interface DumpedFrom extends Pick<Welcome, 'runtime' | 'program' | 'arguments' | 'cwd'> {
  /** The absolute path of a module's file; null for one that the program has compiled. */
  fileOf(module: LoadedModule): string | null;
}

/** Makes core dumps of processes that fail. It must know of all root processes, and of what processes print. */
export class ProcessDumper {
  readonly #scheduler: Scheduler;
  readonly #program: DumpedFrom;
  readonly #output = new LastOutput();
  readonly #index: ProcessIndex;
  readonly #queries: Queries;
  readonly #modules = new WeakMap<LoadedModule, DumpModule>();

  constructor(scheduler: Scheduler, program: DumpedFrom) {
    this.#scheduler = scheduler;
    this.#program = program;
    const modules = new Modules(program.program);
    this.#index = new ProcessIndex(modules, this.#output);
    this.#queries = new Queries(scheduler, this.#index, modules);
  }

  addRoot(root: Process): void {
    this.#index.add(root);
  }

  /** Called with what the process prints that has the turn. */
  printed(bytes: Uint8Array): void {
    this.#output.add(this.#scheduler.current, bytes);
  }

  /** Whether a process has failed in a way that is worth a dump: it trapped, or printed an error and gave up. */
  isFailure(process: Process, exit: Exit): boolean {
    if (exit.kind === 'trapped' || exit.kind === 'bug') return true;
    return exit.kind === 'exited' && exit.code !== 0 && this.#output.panicOf(process, exit) !== null;
  }

  /**
   * Dumps a process that fails, before anything of it is released.
   * @param error what has unwound its stack
   * @param room bytes of memory that may be in the dump. They are not copied
   */
  dump(process: Process, exit: Exit, error: unknown, room: number): DumpContent {
    const module = this.#moduleOf(process.module);
    // One whose start section runs is known to nobody else.
    this.#index.keep(process);
    const { probes } = this.#scheduler;
    const { stack, kept } = this.#callsOf(process, error);
    const locals = stack.map((_, depth): readonly LocalInfo[] => {
      const frame = kept[depth];
      return probes === null || frame == null ? [] : keptLocals(probes.frames, frame);
    });
    const { globals } = globalsOf(process);
    const info = this.#index.info(process);
    const key = this.#index.keyOf(process);
    const { runtime, program, arguments: args, cwd } = this.#program;
    const memories = memoriesOf(process, module, room);
    const { messages, count } = messagesOf(process);
    return {
      about: {
        runtime,
        time: Date.now(),
        program: module.about.file ?? program,
        arguments: args,
        ...(cwd === undefined ? {} : { cwd }),
        process: {
          ...info,
          mailbox: count,
          state: 'held',
          module: MAIN_KEY,
          end: processEnd(exit, this.#output.panicOf(process, exit)),
        },
        peers: this.#queries.peers(key),
        config: this.#queries.config(key),
        module: module.about,
        ...(stack.length === 0 ? { stackMissing: 'the engine has not told its calls' } : {}),
        frames: stack.map(({ offset, functionName }, depth) => ({
          offset,
          ...(functionName === undefined ? {} : { functionName }),
          ...(kept[depth] == null ? { localsMissing: probes === null ? NO_LOCALS : UNKNOWN } : {}),
        })),
        globals: globals.map(({ index }) => index),
        ...leftOutOf(memories),
      },
      messages,
      frames: stack.map((frame, depth) => module.frame(frame, locals[depth] ?? [])),
      globals: module.globals(globals),
      memories,
      module: module.embedded,
    };
  }

  /** The calls in which a process was, the innermost first, with what is kept of them. */
  #callsOf(process: Process, error: unknown): { stack: StackFrame[]; kept: (KeptFrame | null)[] } {
    const { probes } = this.#scheduler;
    const stack = error instanceof Error ? processStack(error, process, FULL_STACK_DEPTH) : [];
    if (stack.length > 0) return { stack, kept: probes?.failed(process, stack) ?? [] };
    const { module } = process;
    const kept = probes?.waited(process)?.reverse() ?? [];
    return {
      stack: kept.map(({ defined, site }) =>
        stackFrame(module, module.source.importedFunctions + defined, site),
      ),
      kept,
    };
  }

  #moduleOf(module: LoadedModule): DumpModule {
    let known = this.#modules.get(module);
    if (known === undefined) {
      known = new DumpModule(module.bytes, this.#program.fileOf(module), module.source);
      this.#modules.set(module, known);
    }
    return known;
  }
}

const UNKNOWN = 'they were not kept';

/** All memories, of which the first ones have most room. */
function memoriesOf({ instance }: Process, { areMemories64 }: DumpModule, room: number) {
  const owned = instance?.owned;
  let left = room;
  return (owned == null ? [] : [owned, ...owned.others]).map(({ memory: { buffer } }, index) => {
    const found = new MemoryPieces(left);
    found.add(0, new Uint8Array(buffer));
    const { pieces, leftOut } = found;
    left -= pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
    return { pages: buffer.byteLength / 65_536, is64: areMemories64[index] ?? false, pieces, leftOut };
  });
}

/** The messages that a process has, also those that have come since its turn began, of which it has not heard yet. */
function messagesOf({ mailbox, signals }: Process): { messages: MessageInfo[]; count: number } {
  const pending = (signals ?? []).flatMap((signal) => (signal.kind === 'message' ? [signal.message] : []));
  let room = MAX_MESSAGE_BYTES;
  const messages: MessageInfo[] = [];
  for (const message of [...mailbox.slice(0, MAX_MESSAGES), ...pending].slice(0, MAX_MESSAGES)) {
    const info = messageInfo(message);
    room -= info.data.length;
    if (room < 0) break;
    messages.push(info);
  }
  return { messages, count: mailbox.length + pending.length };
}
