import * as v from 'valibot';
import { displayName } from '../../text/display-name.ts';
import { printableLines } from '../../text/printable.ts';
import { isProcessKey } from '../process-key.ts';
import type { MessageInfo, ProcessKey } from '../protocol.ts';
import { CoreDumpError } from './core-dump-error.ts';
import type { DumpedProcess } from './dump-content.ts';

/** What a file may have at most. */
const MAX_TEXT = 100_000;
const MAX_ITEMS = 100_000;
/** Commas and brackets of a text that is parsed: of small objects, a text may have many times what it takes itself. */
const MAX_PARTS = 4_000_000;

/** Texts are displayed: the file may be anybody's. */
const Name = v.pipe(v.string(), v.maxLength(MAX_TEXT), v.transform(displayName));
const Lines = v.pipe(v.string(), v.maxLength(MAX_TEXT), v.transform(printableLines));
/** Paths are looked up before they are displayed. */
const Path = v.pipe(v.string(), v.maxLength(MAX_TEXT));
const Key = v.custom<ProcessKey>(isProcessKey);
const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Tag = v.pipe(v.string(), v.regex(/^-?\d{1,20}$/));
const Base64 = v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]*={0,2}$/));
const Names = list(Name);

function list<Item extends v.GenericSchema>(item: Item) {
  return v.pipe(v.array(item), v.maxLength(MAX_ITEMS));
}

const End = v.variant('kind', [
  v.object({ kind: v.literal('returned') }),
  v.object({ kind: v.literal('killed') }),
  v.object({ kind: v.literal('exited'), code: v.number(), panic: v.exactOptional(Lines) }),
  v.object({ kind: v.literal('trapped'), message: Lines, panic: v.exactOptional(Lines) }),
  v.object({ kind: v.literal('not-started'), message: Lines }),
  v.object({ kind: v.literal('bug'), message: Lines }),
]);

const Info = v.object({
  key: Key,
  id: Count,
  environment: Count,
  parent: v.nullable(Key),
  names: Names,
  state: v.picklist(['initializing', 'ready', 'running', 'waiting', 'paused', 'held']),
  waitsFor: v.exactOptional(v.picklist(['message', 'sleep', 'spawn', 'turn', 'event'])),
  since: Count,
  module: v.pipe(v.string(), v.regex(/^m\d{1,9}$/)),
  entry: Name,
  mailbox: Count,
  memory: Count,
  links: Count,
  monitors: Count,
  end: v.exactOptional(End),
});

const Peer = v.object({ key: Key, id: Count, environment: Count, names: Names, entry: Name });

const Config = v.object({
  max_memory: v.number(),
  max_fuel: v.number(),
  max_processes: v.exactOptional(v.number()),
  max_mailbox: v.exactOptional(v.number()),
  can_compile_modules: v.boolean(),
  can_create_configs: v.boolean(),
  can_spawn_processes: v.boolean(),
  can_run_long_sql: v.exactOptional(v.boolean()),
  preopened_directories: Names,
  arguments: Names,
  environment_variables: Names,
  commands: Names,
  command_variables: v.exactOptional(Names),
  may_import: v.exactOptional(Names),
  may_not_import: v.exactOptional(Names),
  imports_also_restricted_by_parent: v.exactOptional(v.boolean()),
  may_connect: v.exactOptional(Names),
  may_not_connect: v.exactOptional(Names),
  may_listen: v.exactOptional(Names),
  network_also_restricted_by_parent: v.boolean(),
});

const Ranges = list(v.tuple([Count, Count]));

const Process = v.object({
  runtime: Name,
  time: Count,
  program: Path,
  arguments: Names,
  cwd: v.exactOptional(Path),
  process: Info,
  peers: v.object({ links: list(v.object({ peer: Peer, tag: Tag })), monitors: list(Peer) }),
  config: Config,
  module: v.object({
    digest: v.pipe(v.string(), v.regex(/^[\da-f]{64}$/)),
    size: Count,
    file: v.exactOptional(Path),
  }),
  stackMissing: v.exactOptional(Name),
  frames: list(
    v.object({
      offset: Count,
      functionName: v.exactOptional(Name),
      localsMissing: v.exactOptional(Name),
    }),
  ),
  globals: list(Count),
  leftOut: Ranges,
  leftOutOfOthers: v.exactOptional(list(Ranges)),
});

const Message = v.object({
  kind: v.picklist(['data', 'link-died', 'process-died']),
  tag: Tag,
  size: Count,
  data: Base64,
  resources: Names,
  process: v.exactOptional(Count),
});

/** @throws CoreDumpError if the text is not what our section about the process has */
export function readProcess(json: string): DumpedProcess {
  return read(Process, json, 'what it says of the process');
}

/** @throws CoreDumpError if the text is not what our section about messages has */
export function readMessages(json: string): MessageInfo[] {
  return read(list(Message), json, 'its mailbox');
}

function read<Value>(schema: v.GenericSchema<unknown, Value>, json: string, what: string): Value {
  if (partsIn(json) > MAX_PARTS) throw new CoreDumpError(`${what} cannot be read: it has too many parts`);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new CoreDumpError(`${what} cannot be read: it is no JSON`, { cause: error });
  }
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  throw new CoreDumpError(`${what} cannot be read: ${v.getDotPath(result.issues[0]) ?? 'it'} is wrong`);
}

function partsIn(json: string): number {
  let found = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === 0x2c || code === 0x5b || code === 0x7b) found++;
  }
  return found;
}
