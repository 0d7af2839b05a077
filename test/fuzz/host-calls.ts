import { HOST_FUNCTIONS, ProcessConfig } from '../../runtime/internal.ts';
import { listenRules, NetworkPermission } from '../../runtime/permissions/network-permission.ts';
import { NetworkRules } from '../../runtime/permissions/network-rules.ts';
import { findPrograms } from '../../runtime/programs/find-programs.ts';
import { Op } from '../../runtime/wasm/opcodes.ts';
import { Arena } from './arena.ts';
import { ArgumentWriter, type HostFunction, type Manner, type Servers } from './argument-writer.ts';
import { Finding } from './finding.ts';
import type { Figures, Fuzzer, Place } from './fuzzer.ts';
import { BUFFERS, CELL_COUNT, CELLS, END, guestMemory, PAGES } from './guest-memory.ts';
import { Code, ModuleWriter } from './module-writer.ts';
import type { Random } from './random.ts';
import { residentMemory } from './resident-memory.ts';
import { Sandbox } from './sandbox.ts';
import { startServers } from './servers.ts';

const MEBIBYTE = 2 ** 20;
/** Milliseconds of computing for which the attackers run. */
const TIME = 100;
const ATTEMPTS = 3;
const MAX_PROCESSES = 24;
const MAX_MEMORY = 2 * MEBIBYTE;
const MAX_HOST_MEMORY = 32 * MEBIBYTE;
/** Bytes that the OS process may take for a case: what the limits allow, and garbage that nobody has collected yet. */
const MOST_MEMORY = MAX_PROCESSES * MAX_MEMORY + MAX_HOST_MEMORY + 512 * MEBIBYTE;
/** What each process that is ready adds to the time that others wait, in milliseconds. */
const TURN = 0.5;

/** The results that a function may have, if they are codes. */
function codesOf({
  module,
  name,
  doc,
  paramNames,
  results,
}: HostFunction): ((value: number) => boolean) | null {
  if (results[0] !== 'i32') return null;
  if (module === 'wasi_snapshot_preview1') return (errno) => errno >= 0 && errno <= 76;
  if (module === 'lunatic::sqlite') return name === 'execute' ? (code) => code >= 0 && code < 2 ** 13 : null;
  const answersWithId = /(id|id_u64|opaque|error_id)_ptr$/.test(paramNames.at(-1) ?? '');
  if (!answersWithId && !/Returns (0|1|whether)\b/.test(doc)) return null;
  return (code) => [0, 1, 2, -1, 9027].includes(code);
}

/** A host call of a module: its function, and what it passes. */
interface Call {
  readonly fn: HostFunction;
  readonly text: string;
}

/** Calls that make what others need. A process begins with some of them, with valid arguments. */
const MAKERS = new Set(
  (
    'create_data push_module send send_after resolve tcp_bind tcp_connect tls_bind tls_connect udp_bind udp_connect ' +
    'set_read_timeout set_peek_timeout set_tls_read_timeout open execute query_prepare sqlite3_step create_config ' +
    'compile_module spawn put trace_get create set_stream path_open fd_write counter config_add_command_line_argument'
  ).split(' '),
);

const MANNERS: readonly (readonly [number, Manner])[] = [
  [3, 'valid'],
  [4, 'spoilt'],
  [3, 'wild'],
];

/** A module whose exports `_start`, `run0`, `run1` and so on make random host calls. */
export function makeModule(
  random: Random,
  servers: Servers,
  runs: number,
): { bytes: Uint8Array; calls: readonly Call[] } {
  const module = new ModuleWriter();
  const callable = HOST_FUNCTIONS.filter((fn) => fn.module !== 'lunatic::version');
  const namespaces = [...new Set(callable.map((fn) => fn.module))];
  // Most calls are of two namespaces, so that some get far there.
  const favourites = [random.pick(namespaces), random.pick(namespaces)];
  const favoured = HOST_FUNCTIONS.filter((fn) => favourites.includes(fn.module));
  const makers = favoured.filter(({ name }) => MAKERS.has(name));
  const scripts = Array.from({ length: runs }, () => [
    ...makers.filter(() => random.chance(0.9)).map((fn) => ({ fn, manner: 'valid' as const })),
    ...Array.from({ length: random.between(20, 120) }, () => ({
      fn: random.pick(random.chance(0.75) ? favoured : HOST_FUNCTIONS),
      manner: random.weighted(MANNERS),
    })),
  ]);
  const began = module.importFunction('fuzz', 'began', ['i32'], []);
  const answered = module.importFunction('fuzz', 'answered', ['i32', 'i32'], []);
  const catchTrap = module.importFunction('lunatic::trap', 'catch', ['i32', 'i32'], ['i32']);
  const imports = new Map<HostFunction, number>();
  for (const { fn } of scripts.flat()) {
    if (imports.has(fn)) continue;
    const params = fn.params.map((type) => (type === 'i32' || type === 'i64' ? type : 'f64'));
    imports.set(fn, module.importFunction(fn.module, fn.name, params, fn.results as ('i32' | 'i64')[]));
  }
  module.memory = { initial: PAGES };
  const { bytes, pieces } = guestMemory(servers.plain);
  module.data(0, bytes);
  const writer = new ArgumentWriter(random, pieces, servers);
  const entries = scripts.map((_, i) => module.declare([], [], i === 0 ? '_start' : `run${i - 1}`));
  const calls: Call[] = [];
  const steps: number[] = [];
  scripts.forEach((script, i) => {
    const code = new Code();
    const catches = random.chance(0.9);
    code
      .i32(random.chance(0.4) ? 1 : random.magnitude(3000))
      .set(0)
      .begin(Op.loop);
    for (const { fn, manner } of script) {
      // Few processes would make their second call.
      if (/^(proc_exit|proc_raise)$/.test(fn.name) && random.chance(0.8)) continue;
      const step = module.declare([], []);
      const body = new Code();
      const text = writeCall(random, writer, body, {
        fn,
        index: imports.get(fn) ?? 0,
        manner,
        number: calls.length,
      });
      module.define(step, ['i32'], body);
      calls.push({ fn, text });
      if (catches) code.i32(steps.length).i32(0).call(catchTrap).op(Op.drop);
      else code.call(step);
      steps.push(step);
    }
    code.get(0).i32(1).op(Op.i32Sub).op(Op.localTee, 0).op(Op.brIf, 0).op(Op.end);
    module.define(entries[i] ?? 0, ['i32'], code);
  });
  module.table = { initial: steps.length };
  module.elements(steps, true);
  const catching = module.declare(['i32', 'i32'], ['i32'], '_lunatic_catch_trap');
  module.define(catching, [], new Code().get(0).op(Op.callIndirect, module.type([], []), 0).i32(1));
  // Where SQLite's texts are put.
  const allocating = module.declare(['i32'], ['i32'], 'lunatic_alloc');
  module.define(allocating, [], new Code().i32(random.pick([BUFFERS, BUFFERS, BUFFERS, 0, -1, END - 1])));
  return { bytes: module.finish(), calls };

  function writeCall(
    random: Random,
    writer: ArgumentWriter,
    code: Code,
    { fn, index, manner, number }: { fn: HostFunction; index: number; manner: Manner; number: number },
  ): string {
    const [result] = fn.results;
    code.i32(number).call(began);
    if (result === 'i64') code.i32(CELLS + random.below(CELL_COUNT) * 8);
    const text = writer.write(code, fn, manner);
    code.call(index);
    if (result === 'i64') code.op(0x37, 0, 0);
    else if (result === 'i32') code.set(0).i32(number).get(0).call(answered);
    else if (result !== undefined) code.op(Op.drop);
    return text;
  }
}

/** All permissions within a folder and this machine, and limits. */
function limitedConfig(root: string): ProcessConfig {
  const config = ProcessConfig.forRoot();
  config.maxMemory = MAX_MEMORY;
  config.maxHostMemory = MAX_HOST_MEMORY;
  config.maxMailbox = MEBIBYTE;
  config.maxProcesses = MAX_PROCESSES;
  const loopback = ['127.0.0.1', '[::1]'];
  config.network = new NetworkPermission(
    new NetworkRules([...loopback, 'localhost']),
    null,
    listenRules(loopback),
  );
  config.preopenedDirectories.push(
    { guestPath: '.', hostPath: root },
    { guestPath: '/share', hostPath: root },
  );
  config.commandLineArguments.push('fuzz', 'argument');
  config.environmentVariables.push(['A', 'b']);
  if (process.platform !== 'win32') config.commands = findPrograms(['true', 'cat']);
  config.commandVariables = new Set(['LANG']);
  return config;
}

let servers: Servers = { plain: 0, tls: 0 };

/** Host calls with extreme arguments. */
export const hostCalls: Fuzzer = {
  name: 'host-calls',
  about: 'host calls of every namespace and WASI, in any order, with extreme arguments',

  async prepare() {
    servers = await startServers();
  },

  async run(random: Random, place: Place): Promise<Figures> {
    const runs = random.between(4, 12);
    const { bytes, calls } = makeModule(random, servers, runs);
    place.keep(bytes);
    const gap = place.gap + MAX_PROCESSES * TURN;
    let least = Number.POSITIVE_INFINITY;
    let last = '';
    let slowest = '';
    let grown = 0;
    let answers = 0;
    for (let attempt = 0; attempt < ATTEMPTS && least > gap; attempt++) {
      const sandbox = new Sandbox(place.folder);
      const config = limitedConfig(sandbox.root);
      const before = residentMemory();
      let wrong: string | null = null;
      const arena = new Arena({
        onLongestGap: () => {
          slowest = last;
        },
        onExit: ({ id, entry }, exit) =>
          place.trace?.(`${id} ${entry.name}: ${'message' in exit ? exit.message : exit.kind}`),
        plugins: [
          {
            namespace: 'fuzz',
            functions: {
              began: {
                signature: '(i32)',
                call: (caller, number) => {
                  last = `process ${caller.id}: ${calls[Number(number)]?.text}`;
                  place.trace?.(last);
                },
              },
              answered: {
                signature: '(i32, i32)',
                call: (_, number, value) => {
                  answers++;
                  const call = calls[Number(number)];
                  if (call === undefined || codesOf(call.fn)?.(Number(value)) !== false) return;
                  wrong ??= `${call.text} returned ${value}, which is no code of it`;
                },
              },
            },
          },
        ],
      });
      const module = arena.runtime.load(bytes.slice());
      const entries = Array.from({ length: runs }, (_, i) => (i === 0 ? '_start' : `run${i - 1}`));
      await arena.run(
        entries.map((entry) => ({ module, entry, config })),
        TIME,
      );
      if (wrong !== null) throw new Finding(wrong);
      sandbox.check();
      grown = Math.max(grown, arena.peakMemory - before);
      if (grown > MOST_MEMORY)
        throw new Finding(
          `${Math.round(grown / MEBIBYTE)} MiB more in memory than before, with limits of far less`,
        );
      place.trace?.(`the longest gap: ${arena.longestGap.toFixed(1)} ms, ${slowest}`);
      least = Math.min(least, arena.longestGap);
    }
    if (least > gap)
      throw new Finding(`others waited ${least.toFixed(1)} ms of computing, perhaps for ${slowest}`);
    return { 'longest gap in ms': least, 'most memory in MiB': grown / MEBIBYTE, 'most calls': answers };
  },
};
