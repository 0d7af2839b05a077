import type { ProcessId } from '../../kernel/ids.ts';
import { displayName } from '../../text/display-name.ts';
import type { WasmModule } from '../../wasm/index.ts';
import { keyOf } from '../process-key.ts';
import type {
  ConfigInfo,
  GlobalInfo,
  LocalInfo,
  MessageInfo,
  ProcessInfo,
  ProcessPeers,
  Stack,
} from '../protocol.ts';
import { CoreDumpError } from './core-dump-error.ts';
import { MAIN_KEY } from './dump-content.ts';
import type { DumpThread, ReadDump } from './dump-reader.ts';
import { type DumpedBytes, memoryOf } from './dumped-bytes.ts';

/** A process as it was when it was dumped. */
export interface DumpedState {
  readonly info: ProcessInfo;
  readonly stack: Stack;
  /** By call, the innermost first. */
  readonly locals: readonly { readonly locals: readonly LocalInfo[]; readonly missing?: string }[];
  readonly globals: readonly GlobalInfo[];
  readonly peers: ProcessPeers;
  readonly config: ConfigInfo;
  readonly messages: readonly MessageInfo[];
  /** Null if it had none. */
  readonly memories: readonly DumpedBytes[];
}

const NOT_KNOWN = 'the core dump does not have them';

/**
 * The processes of a core dump; those of another runtime are its threads.
 * @param module that they ran
 * @throws CoreDumpError if the module is not that of the dump
 */
export function dumpedProcesses(
  dump: ReadDump,
  { code, globals, importedFunctions, importedGlobals }: WasmModule,
): DumpedState[] {
  const startOf = (functionIndex: number) => {
    const defined = functionIndex - importedFunctions;
    if (defined < 0 || defined >= code.functionCount)
      throw new CoreDumpError('it is of another module: there is no function of a call');
    return code.bodyStart[defined] ?? 0;
  };
  // Many threads of another runtime may share an instance.
  const known = dump.about === null ? null : new Set(dump.about.globals);
  const globalsOf = remembering((instance) =>
    (dump.instances[instance]?.globals ?? []).flatMap((global, index): GlobalInfo[] => {
      const value = dump.globals[global] ?? null;
      if (value === null || known?.has(index) === false) return [];
      return [{ index, mutable: globals[index - importedGlobals]?.mutable ?? false, ...value }];
    }),
  );
  const bytesOf = remembering((memory) => memoryOf(dump, memory));
  return dump.threads.map((thread, i) => {
    const instance = thread.frames[0]?.instance ?? 0;
    const { about } = dump;
    const memories = dump.instances[instance]?.memories.map(bytesOf) ?? [];
    return {
      info: about?.process ?? threadInfo(thread, i, memories[0]?.size ?? 0),
      stack: stackOf(dump, thread, startOf),
      locals: thread.frames.map(({ locals }, depth) => {
        const missing =
          about?.frames[depth]?.localsMissing ??
          (locals.some((local) => local !== null) ? undefined : NOT_KNOWN);
        return {
          locals: locals.flatMap((local, index) => (local === null ? [] : [{ index, ...local }])),
          ...(missing === undefined ? {} : { missing }),
        };
      }),
      globals: globalsOf(instance),
      peers: about?.peers ?? { links: [], monitors: [] },
      config: about?.config ?? NO_CONFIG,
      messages: dump.messages,
      memories,
    };
  });
}

/** The same function, which makes a thing of each number once. */
function remembering<Found>(make: (number: number) => Found): (number: number) => Found {
  const known = new Map<number, Found>();
  return (number) => {
    const found = known.get(number) ?? make(number);
    known.set(number, found);
    return found;
  };
}

function stackOf(
  { about }: ReadDump,
  { frames }: DumpThread,
  startOf: (functionIndex: number) => number,
): Stack {
  const missing = about?.stackMissing;
  return {
    frames: frames.map(({ functionIndex, codeOffset }, i) => {
      const name = about?.frames[i]?.functionName;
      return {
        functionIndex,
        ...(name === undefined ? {} : { functionName: name }),
        offset: startOf(functionIndex) + codeOffset,
        module: MAIN_KEY,
      };
    }),
    ...(missing === undefined ? {} : { missing }),
  };
}

/** What can be told of a thread of another runtime. */
function threadInfo({ name }: DumpThread, index: number, memory: number): ProcessInfo {
  const id = index + 1;
  return {
    key: keyOf(1, id as ProcessId),
    id,
    environment: 1,
    parent: null,
    names: [],
    state: 'held',
    since: 0,
    module: MAIN_KEY,
    entry: displayName(name === '' ? 'thread' : name),
    mailbox: 0,
    memory,
    links: 0,
    monitors: 0,
    end: { kind: 'trapped', message: 'the core dump does not say why' },
  };
}

/** Other runtimes have none. */
const NO_CONFIG: ConfigInfo = {
  max_memory: 0,
  max_fuel: 0,
  can_compile_modules: false,
  can_create_configs: false,
  can_spawn_processes: false,
  preopened_directories: [],
  arguments: [],
  environment_variables: [],
  commands: [],
  network_also_restricted_by_parent: false,
};
