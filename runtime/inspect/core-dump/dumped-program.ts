import { type Disposable, ResponseError } from 'vscode-jsonrpc/node';
import type { NamedModule } from '../../kernel/guest-stack.ts';
import { displayName } from '../../text/display-name.ts';
import { FunctionNames, readModule } from '../../wasm/index.ts';
import { CallScope } from '../call-scope.ts';
import { InspectClosedError, InspectRequestError } from '../client.ts';
import { functionInTable } from '../entry-name.ts';
import { type ExpressionTerms, valueIn } from '../evaluating.ts';
import type { Inspected } from '../inspected.ts';
import { InspectionError } from '../inspection-error.ts';
import { Parameters } from '../parameters.ts';
import {
  InspectError,
  MAX_MEMORY_READ,
  MAX_PAGE,
  type Notifications,
  PROTOCOL_VERSION,
  type ProcessFilter,
  type ProcessInfo,
  type Requests,
  type Welcome,
} from '../protocol.ts';
import { MAIN_KEY } from './dump-content.ts';
import type { ReadDump } from './dump-reader.ts';
import { DumpedCall, LastView } from './dumped-call.ts';
import { type DumpedState, dumpedProcesses } from './dumped-processes.ts';

/** Messages where a client does not say how many it wants. */
const DEFAULT_PAGE = 100;

type Listeners = { [Name in keyof Notifications]?: (event: Notifications[Name]) => void };

/** Answers the requests of the inspection protocol from a core dump, as a program does that stands still. */
export class DumpedProgram implements Inspected {
  readonly welcome: Welcome;
  readonly isRunning = false;
  readonly closed: Promise<void>;
  readonly #dump: ReadDump;
  readonly #module: NamedModule;
  readonly #processes: readonly DumpedState[];
  readonly #view = new LastView();
  readonly #listeners: Listeners = {};
  #close: () => void = () => {};
  #isClosed = false;
  #isTold = false;

  /**
   * @param module the bytes of the module that was running
   * @param path its file; null if it is not in one
   * @throws CoreDumpError if they do not belong together
   */
  constructor(dump: ReadDump, module: Uint8Array, path: string | null) {
    this.#dump = dump;
    const source = readModule(module);
    this.#module = { source, functionNames: new FunctionNames(source) };
    this.#processes = dumpedProcesses(dump, source);
    this.closed = new Promise((done) => {
      this.#close = done;
    });
    const { about } = dump;
    this.welcome = {
      version: PROTOCOL_VERSION,
      runtime: about?.runtime ?? 'another runtime',
      pid: 0,
      program: path ?? '',
      arguments: about?.arguments ?? [],
      waiting: false,
      debug: true,
    };
  }

  async request<Method extends keyof Requests>(
    method: Method,
    params: Requests[Method]['params'],
  ): Promise<Requests[Method]['result']> {
    return (await this.requestUnchecked(method, params)) as Requests[Method]['result'];
  }

  async requestUnchecked(method: keyof Requests, params: object): Promise<unknown> {
    if (this.#isClosed) throw new InspectClosedError(`The core dump was closed before it answered ${method}`);
    try {
      return this.#answer(method, new Parameters(params));
    } catch (error) {
      if (error instanceof ResponseError || error instanceof InspectionError)
        throw new InspectRequestError(error.code, error.message, { cause: error });
      throw error;
    }
  }

  on<Method extends keyof Notifications>(
    method: Method,
    listener: (params: Notifications[Method]) => void,
  ): Disposable {
    const listeners: { [Name in Method]?: (event: Notifications[Name]) => void } = this.#listeners;
    listeners[method] = listener;
    return {
      dispose() {
        delete listeners[method];
      },
    };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#dump.bytes.close();
    this.#close();
  }

  #answer(method: keyof Requests, params: Parameters): unknown {
    const process = () => this.#process(params.process('process'));
    switch (method) {
      case 'process/list':
        return this.#list(params.filter('filter'));
      case 'process/get':
        return process().info;
      case 'process/peers':
        return process().peers;
      case 'process/config':
        return process().config;
      case 'process/stack':
        return process().stack;
      case 'process/locals':
        return process().locals[params.count('frame')] ?? { locals: [], missing: 'there is no such call' };
      case 'process/evaluate':
        return this.#evaluate(process(), params.count('frame'), params.line('expression'), params.names());
      case 'process/globals':
        return { globals: process().globals };
      case 'process/mailbox':
        return mailbox(process(), params.optionalCount('start'), params.optionalCount('count'));
      case 'process/memory':
        return memory(
          process(),
          params.count('offset'),
          params.count('count'),
          params.optionalCount('memory'),
        );
      case 'module/get':
        return this.#moduleInfo(params.text('module'));
      case 'module/bytes':
        this.#checkModule(params.text('module'));
        return { data: Buffer.from(this.#module.source.bytes).toString('base64') };
      case 'module/breakpoints':
        return { sites: params.offsets('offsets').map(() => null) };
      case 'process/data-breakpoints':
        return { problems: params.dataBreakpoints('breakpoints').map(() => DUMP_REFUSAL) };
      case 'watch':
        this.#tell();
        return null;
      case 'events/breakpoints':
        return { problems: params.events('breakpoints').map(() => DUMP_REFUSAL) };
      case 'start':
      case 'module/ready':
      case 'processes/choose':
        return null;
      default:
        throw new InspectRequestError(InspectError.NotRunning, DUMP_REFUSAL);
    }
  }

  /** Tells once which processes there are, and that they stand still. */
  #tell(): void {
    if (this.#isTold) return;
    this.#isTold = true;
    setImmediate(() => {
      if (this.#isClosed) return;
      const started = this.#processes.map(({ info }) => info);
      this.#listeners['processes/changed']?.({ started, changed: [], ended: [], total: started.length });
      for (const process of started)
        this.#listeners['process/stopped']?.({
          process,
          why: process.end === undefined ? 'pause' : 'failure',
        });
    });
  }

  #evaluate(
    process: DumpedState,
    frame: number,
    expression: string,
    { names = {}, types = [] }: ExpressionTerms,
  ): Requests['process/evaluate']['result'] {
    const nameInTable = (place: number) => functionInTable(this.#module, place);
    const call = new DumpedCall(process, frame, this.#view, nameInTable);
    const scope = new CallScope(this.#module.source, call.layout, new Map(Object.entries(names)), types);
    return valueIn(call, scope, expression);
  }

  #process(key: ProcessInfo['key']): DumpedState {
    const found = this.#processes.find(({ info }) => info.key === key);
    if (found === undefined)
      throw new InspectRequestError(
        InspectError.NoProcess,
        `process ${displayName(key)} is not in the core dump`,
      );
    return found;
  }

  #list({ text = '', states, parent }: ProcessFilter): Requests['process/list']['result'] {
    const all = this.#processes.map(({ info }) => info);
    const processes = all.filter(
      (info) =>
        (states === undefined || states.includes(info.state)) &&
        (parent === undefined || parent === info.parent) &&
        [info.key, `${info.id}`, info.entry, ...info.names].some((part) => part.includes(text)),
    );
    return { processes, total: all.length };
  }

  #moduleInfo(key: string): Requests['module/get']['result'] {
    this.#checkModule(key);
    const { bytes, exports } = this.#module.source;
    const { program } = this.welcome;
    return {
      key,
      ...(program === '' ? {} : { origin: displayName(program) }),
      size: bytes.length,
      exports: exports.slice(0, MAX_PAGE).map(({ name, kind }) => ({ name: displayName(name), kind })),
    };
  }

  #checkModule(key: string): void {
    if (key !== MAIN_KEY)
      throw new InspectRequestError(
        InspectError.NoModule,
        `module ${displayName(key)} is not in the core dump`,
      );
  }
}

/** Why nothing is done with a dump. */
export const DUMP_REFUSAL =
  'A core dump can only be looked at: nothing of it runs, and nothing can be changed';

function mailbox(
  { messages, info }: DumpedState,
  start = 0,
  count = DEFAULT_PAGE,
): Requests['process/mailbox']['result'] {
  return {
    messages: messages.slice(start, start + Math.min(count, MAX_PAGE)),
    length: Math.max(info.mailbox, messages.length),
  };
}

function memory(
  { memories, info }: DumpedState,
  offset: number,
  count: number,
  index = 0,
): Requests['process/memory']['result'] {
  const memory = memories[index];
  if (memory === undefined)
    throw new InspectRequestError(
      InspectError.Refused,
      `process ${info.id} had no memory${index === 0 ? '' : ` ${index}`}`,
    );
  const bytes = memory.read(offset, Math.min(count, MAX_MEMORY_READ));
  if (bytes === null)
    throw new InspectRequestError(
      InspectError.Refused,
      'this part of the memory was left out of the core dump, since it was too large',
    );
  return { data: Buffer.from(bytes).toString('base64'), size: memory.size };
}
