import { type PreopenedDirectory, ProcessConfig } from '../../permissions/config.ts';
import {
  ANY_HOST,
  HostPermission,
  HostRuleError,
  type HostRules,
  hostRules,
  MAX_HOST_LEVELS,
  MAX_HOST_RULES,
} from '../../permissions/host-permission.ts';
import {
  ANY_NETWORK,
  listenRules,
  MAX_DEPTH,
  NetworkPermission,
} from '../../permissions/network-permission.ts';
import { MAX_LEARNED, MAX_RULES, NetworkRuleError, NetworkRules } from '../../permissions/network-rules.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { readVersion, writeVersion } from './version.ts';

const COMPILE_MODULES = 1;
const CREATE_CONFIGS = 2;
const SPAWN_PROCESSES = 4;
const UPSTREAM_PERMISSIONS = 8;
const LONG_SQL = 16;
const ALL_FLAGS = 31;

const CONNECT = 1;
const DENY = 2;
const LISTEN = 4;
const ALL_LISTS = 7;

/** Bytes that are enough for most configs. */
const ROOM = 256;

/**
 * Writes the config of a process that is to be spawned elsewhere:
 *
 * | bytes after the version (1)             |                                                                     |
 * | --------------------------------------- | ------------------------------------------------------------------- |
 * | five f64                                | `maxMemory`, `maxFuel`, `maxProcesses`, `maxMailbox`,               |
 * |                                         | `maxHostMemory`                                                     |
 * | flags                                   | 1 may compile modules, 2 create configs, 4 spawn processes,         |
 * |                                         | 8 upstream's permissions, 16 run SQL that takes long                |
 * | number, and each: name, path            | `commands`                                                          |
 * | number, and each: text                  | `commandVariables`                                                  |
 * | 1 or 0, rules, rules, number of rules,  | `hostFunctions`: whether there are rules that allow, these, those   |
 * | and each: rules                         | that deny, and those of the outer permissions                       |
 * | number, and each: permission            | `network`, from the inside to the outside; 0 for any network        |
 * | number, and each: guest path, host path | `preopenedDirectories`                                              |
 * | number, and each: text                  | `commandLineArguments`                                              |
 * | number, and each: key, value            | `environmentVariables`                                              |
 *
 * A permission is a byte of flags, 1 connect, 2 deny, 4 listen, and the rules of each flag: their number, each as a text,
 * and for each of them that names hosts the number of addresses that it has learned, and each of these as a text. Numbers
 * are varints, texts have a length before them.
 */
export function encodeConfig(config: ProcessConfig): Uint8Array {
  const writer = new ByteWriter(ROOM);
  writeVersion(writer);
  for (const limit of limitsOf(config)) writer.f64(limit);
  writer.u8(
    (config.canCompileModules ? COMPILE_MODULES : 0) |
      (config.canCreateConfigs ? CREATE_CONFIGS : 0) |
      (config.canSpawnProcesses ? SPAWN_PROCESSES : 0) |
      (config.upstreamPermissions ? UPSTREAM_PERMISSIONS : 0) |
      (config.canRunLongSql ? LONG_SQL : 0),
  );
  writePairs(writer, [...config.commands]);
  writeTexts(writer, [...config.commandVariables]);
  writeHostFunctions(writer, config.hostFunctions);
  writeNetwork(writer, config.network);
  writePairs(
    writer,
    config.preopenedDirectories.map(({ guestPath, hostPath }) => [guestPath, hostPath]),
  );
  writeTexts(writer, config.commandLineArguments);
  writePairs(writer, config.environmentVariables);
  return writer.finish();
}

/**
 * Reads a config that `encodeConfig` wrote.
 * @throws FormatError for anything that it cannot have written
 */
export function decodeConfig(bytes: Uint8Array): ProcessConfig {
  const reader = new ByteReader(bytes, 'a config');
  readVersion(reader);
  const config = new ProcessConfig();
  config.maxMemory = readLimit(reader);
  config.maxFuel = readLimit(reader);
  config.maxProcesses = readLimit(reader);
  config.maxMailbox = readLimit(reader);
  config.maxHostMemory = readLimit(reader);
  const flags = reader.flags(ALL_FLAGS);
  config.canCompileModules = (flags & COMPILE_MODULES) !== 0;
  config.canCreateConfigs = (flags & CREATE_CONFIGS) !== 0;
  config.canSpawnProcesses = (flags & SPAWN_PROCESSES) !== 0;
  config.upstreamPermissions = (flags & UPSTREAM_PERMISSIONS) !== 0;
  config.canRunLongSql = (flags & LONG_SQL) !== 0;
  config.commands = readCommands(reader);
  config.commandVariables = readSet(reader, 'variable');
  config.hostFunctions = readHostFunctions(reader);
  config.network = readNetwork(reader);
  config.preopenedDirectories = readPairs(reader).map(
    ([guestPath, hostPath]): PreopenedDirectory => ({ guestPath, hostPath }),
  );
  config.commandLineArguments = readTexts(reader);
  config.environmentVariables = readPairs(reader);
  reader.end();
  return config;
}

function limitsOf({ maxMemory, maxFuel, maxProcesses, maxMailbox, maxHostMemory }: ProcessConfig): number[] {
  return [maxMemory, maxFuel, maxProcesses, maxMailbox, maxHostMemory];
}

/** Infinity is a limit too. */
function readLimit(reader: ByteReader): number {
  const limit = reader.f64();
  if (limit >= 0 && !Object.is(limit, -0)) return limit;
  throw reader.error('value', `a limit of ${limit}`);
}

// -- lists -------------------------------------------------------------------------------------------

function writeTexts(writer: ByteWriter, texts: readonly string[]): void {
  writer.varint(texts.length);
  for (const text of texts) writer.text(text);
}

function readTexts(reader: ByteReader, most?: number): string[] {
  const texts: string[] = [];
  for (let left = reader.count(1, most); left > 0; left--) texts.push(reader.text());
  return texts;
}

function writePairs(writer: ByteWriter, pairs: readonly (readonly [string, string])[]): void {
  writer.varint(pairs.length);
  for (const [first, second] of pairs) {
    writer.text(first);
    writer.text(second);
  }
}

function readPairs(reader: ByteReader): [string, string][] {
  const pairs: [string, string][] = [];
  for (let left = reader.count(2); left > 0; left--) pairs.push([reader.text(), reader.text()]);
  return pairs;
}

function readCommands(reader: ByteReader): ReadonlyMap<string, string> {
  const commands = new Map<string, string>();
  for (let left = reader.count(2); left > 0; left--) {
    const name = reader.text();
    if (commands.has(name)) throw reader.error('value', 'two commands of one name');
    commands.set(name, reader.text());
  }
  return commands;
}

function readSet(reader: ByteReader, noun: string, most?: number): ReadonlySet<string> {
  const texts = readTexts(reader, most);
  const set = new Set(texts);
  if (set.size < texts.length) throw reader.error('value', `a ${noun} twice`);
  return set;
}

// -- host functions ----------------------------------------------------------------------------------

function writeHostFunctions(writer: ByteWriter, { allow, deny, outer }: HostPermission): void {
  writer.u8(allow === null ? 0 : 1);
  writeTexts(writer, [...(allow ?? [])]);
  writeTexts(writer, [...deny]);
  writer.varint(outer.length);
  for (const rules of outer) writeTexts(writer, [...rules]);
}

function readHostFunctions(reader: ByteReader): HostPermission {
  const isRestricted = reader.flags(1) === 1;
  const allow = readHostRules(reader, isRestricted ? MAX_HOST_RULES : 0);
  const deny = readHostRules(reader);
  const outer: HostRules[] = [];
  for (let left = reader.count(1, MAX_HOST_LEVELS); left > 0; left--) outer.push(readHostRules(reader));
  if (!isRestricted && deny.size === 0 && outer.length === 0) return ANY_HOST;
  return new HostPermission(isRestricted ? allow : null, deny, outer);
}

function readHostRules(reader: ByteReader, most = MAX_HOST_RULES): HostRules {
  const texts = readSet(reader, 'rule for host functions', most);
  try {
    return hostRules([...texts]);
  } catch (error) {
    if (!(error instanceof HostRuleError)) throw error;
    throw reader.error('value', error.message, reader.start, error);
  }
}

// -- network permissions -----------------------------------------------------------------------------

function writeNetwork(writer: ByteWriter, network: NetworkPermission): void {
  const levels: NetworkPermission[] = [];
  for (let at: NetworkPermission | null = network; at !== null && at !== ANY_NETWORK; at = at.parent)
    levels.push(at);
  writer.varint(levels.length);
  for (const { connect, deny, listen } of levels) {
    writer.u8((connect === null ? 0 : CONNECT) | (deny === null ? 0 : DENY) | (listen === null ? 0 : LISTEN));
    for (const rules of [connect, deny, listen]) if (rules !== null) writeRules(writer, rules);
  }
}

function readNetwork(reader: ByteReader): NetworkPermission {
  const levels: { connect: NetworkRules | null; deny: NetworkRules | null; listen: NetworkRules | null }[] =
    [];
  for (let left = reader.count(1, MAX_DEPTH); left > 0; left--) {
    const flags = reader.flags(ALL_LISTS);
    const connect = flags & CONNECT ? readRules(reader, (texts) => new NetworkRules(texts)) : null;
    const deny = flags & DENY ? readRules(reader, (texts) => new NetworkRules(texts)) : null;
    const listen = flags & LISTEN ? readRules(reader, listenRules) : null;
    levels.push({ connect, deny, listen });
  }
  let network: NetworkPermission | null = null;
  for (const { connect, deny, listen } of levels.reverse()) {
    network = new NetworkPermission(connect, deny, listen, network);
  }
  return network ?? ANY_NETWORK;
}

function writeRules(writer: ByteWriter, rules: NetworkRules): void {
  writeTexts(writer, rules.texts);
  for (const addresses of rules.learned) writeTexts(writer, addresses);
}

function readRules(reader: ByteReader, make: (texts: readonly string[]) => NetworkRules): NetworkRules {
  const texts = readTexts(reader, MAX_RULES);
  try {
    const rules = make(texts);
    rules.learned.forEach((_, index) => {
      rules.learnAgain(index, readTexts(reader, MAX_LEARNED));
    });
    return rules;
  } catch (error) {
    if (!(error instanceof NetworkRuleError)) throw error;
    throw reader.error('value', error.message, reader.start, error);
  }
}
