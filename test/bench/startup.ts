/** How long a user waits for a program to begin, and what memory that takes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { assembleText } from '../../runtime/wat/index.ts';
import { findOlderNode } from '../../scripts/older-node.mjs';
import { installedCommand, launcher, projectFolder } from '../support/command.ts';
import { alternate, time } from './alternate.ts';
import { bench } from './bench.ts';
import type { Benchmark, Figure } from './benchmark.ts';
import { outsideProgram, programIsMissing } from './outside-programs.ts';

const ROUNDS = 25;
/** Rounds of what takes seconds. */
const FEW_ROUNDS = 4;

const HELLO = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\08\\00\\00\\00\\0d\\00\\00\\00Hello, world\\n")
  (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))))`;

/** Sections that a debug build of a small Rust program has, with their sizes. */
const DEBUG_SECTIONS: Readonly<Record<string, number>> = {
  '.debug_info': 1_890_000,
  '.debug_str': 2_030_000,
  '.debug_loc': 870_000,
  '.debug_line': 470_000,
  '.debug_pubnames': 540_000,
};

interface RunOptions {
  /** The Node. Default: this one, without the flags it has itself. */
  readonly node?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export function run(args: readonly string[], { node = process.execPath, env = {} }: RunOptions = {}): string {
  const options = { encoding: 'utf8', env: { ...process.env, ...env } } as const;
  const { status, stdout, stderr, error } = spawnSync(node, args, options);
  if (status !== 0) throw error ?? new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}

/** Calls an action with a folder that is removed afterwards. */
export async function withFolder<T>(action: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'lunatic-bench-'));
  try {
    return await action(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function mustPrint(printed: string, wanted: string | RegExp): void {
  const isRight = typeof wanted === 'string' ? printed === wanted : wanted.test(printed);
  if (!isRight) throw new Error(`it printed ${JSON.stringify(printed)}`);
}

export async function helloFile(folder: string): Promise<string> {
  const file = join(folder, 'hello.wasm');
  writeFileSync(file, await assembleText(HELLO, 'hello.wat'));
  mustPrint(run([launcher, 'run', file]), 'Hello, world\n');
  return file;
}

export const startup: Benchmark = {
  rows: [
    {
      name: 'hello world',
      unit: 'ms',
      what: '`lunatic run` of a program that prints a line, from the start of the command to its end',
      peer: 'node -e 0',
      better: 'less',
      must: 1.8,
      aim: 1.2,
    },
  ],
  measure: () =>
    withFolder(async (folder) => {
      const file = await helloFile(folder);
      return [
        await alternate(
          ROUNDS,
          () => time(() => run([launcher, 'run', file])),
          () => time(() => run(['-e', '0'])),
        ),
      ];
    }),
};

const olderNode = findOlderNode();

export const olderStartup: Benchmark = {
  rows: [
    {
      name: 'hello world, older Node',
      unit: 'ms',
      what: 'the same by the command as it is installed, with a Node that cannot suspend wasm first in the PATH, less what that Node takes for `-e 0`',
      peer: 'hello world',
      better: 'less',
      must: 1,
      aim: 0.5,
    },
  ],
  missing: olderNode === undefined ? 'the PATH has no Node that cannot suspend wasm' : null,
  measure: () =>
    withFolder(async (folder) => {
      const file = await helloFile(folder);
      const older = olderNode ?? '';
      const path = [dirname(older), process.env['PATH']].join(delimiter);
      let installed = Number.POSITIVE_INFINITY;
      let started = Number.POSITIVE_INFINITY;
      let own = Number.POSITIVE_INFINITY;
      const { peerValue } = await alternate(
        ROUNDS,
        async () => {
          const options = { node: installedCommand, env: { PATH: path } };
          installed = Math.min(installed, await time(() => run(['run', file], options)));
          started = Math.min(started, await time(() => run([launcher, 'run', file], { node: older })));
          own = Math.min(own, await time(() => run(['-e', '0'], { node: older })));
          return installed;
        },
        () => time(() => run([launcher, 'run', file])),
      );
      const details = [
        `${installed.toFixed(1)} ms in all. \`-e 0\` of the older Node takes ${own.toFixed(1)}, which is never started`,
        `${started.toFixed(1)} ms where it starts the command, as without the install step`,
      ];
      return [{ value: installed - own, peerValue, details }];
    }),
};

/** A module with custom sections behind all others. The contents are no debug info, which nobody looks at. */
function withSections(module: Uint8Array, sizes: Readonly<Record<string, number>>): Buffer {
  const sections = Object.entries(sizes).flatMap(([title, size]) => {
    const name = Buffer.from(title);
    // A length of five bytes, however small it is.
    const length = size + 1 + name.length;
    const leb = [0, 7, 14, 21, 28].map((shift) => ((length >>> shift) & 0x7f) | (shift < 28 ? 0x80 : 0));
    const contents = Buffer.from(
      Uint32Array.from({ length: size / 4 }, (_, i) => Math.imul(i, 0x9e3779b1)).buffer,
    );
    return [Buffer.from([0, ...leb, name.length]), name, contents];
  });
  return Buffer.concat([module, ...sections]);
}

export const debugStartup: Benchmark = {
  rows: [
    {
      name: 'hello world with debug info',
      unit: 'ms',
      what: 'the same of a Rust program of 5.8 MB, most of which are the sections of a debug build',
      peer: 'node -e 0',
      better: 'less',
      must: 2.5,
      aim: 1.6,
    },
  ],
  measure: () =>
    withFolder(async (folder) => {
      const file = join(folder, 'hello.wasm');
      const stripped = readFileSync(join(projectFolder, 'test', 'guests', 'built', 'rust', 'hello.wasm'));
      writeFileSync(file, withSections(stripped, DEBUG_SECTIONS));
      mustPrint(run([launcher, 'run', file]), /hello/i);
      return [
        await alternate(
          ROUNDS,
          () => time(() => run([launcher, 'run', file])),
          () => time(() => run(['-e', '0'])),
        ),
      ];
    }),
};

export const secondStartup: Benchmark = {
  rows: [
    {
      name: 'second start of 25 MB',
      unit: 'ms',
      what: '`lunatic run python.wasm -- --version` when it has been run before',
      peer: 'its first start',
      better: 'less',
      must: 0.4,
      aim: 0.15,
    },
  ],
  missing: programIsMissing('python.wasm'),
  measure: () =>
    withFolder(async (folder) => {
      const options = { env: { LUNATIC_CACHE: folder } };
      const start = (): string =>
        run([launcher, 'run', outsideProgram('python.wasm'), '--', '--version'], options);
      mustPrint(start(), /^Python 3/);
      const first = (): Promise<number> => {
        // What V8 compiled of the command itself stays.
        rmSync(join(folder, 'modules'), { recursive: true });
        return time(start);
      };
      return [await alternate(FEW_ROUNDS, () => time(start), first)];
    }),
};

/** Runs a module as `node:wasi` does. */
const NODE_WASI = `
  const { WASI } = process.getBuiltinModule('node:wasi');
  const wasi = new WASI({ version: 'preview1', args: process.argv.slice(1), returnOnExit: true });
  const module = new WebAssembly.Module(process.getBuiltinModule('node:fs').readFileSync(process.argv[1]));
  process.exitCode = wasi.start(new WebAssembly.Instance(module, wasi.getImportObject()));`;

/** Prints the most memory that an OS process had, in KB, behind all that it prints. */
const TELL_MEMORY =
  'data:text/javascript,process.on("exit",()=>process.getBuiltinModule("node:fs").writeSync(1,"\\n"+process.resourceUsage().maxRSS))';

/** MB that a Node had at most. */
function memoryOf(args: readonly string[], wanted: RegExp, env: NodeJS.ProcessEnv): number {
  const printed = run(['--no-warnings', '--import', TELL_MEMORY, ...args], { env });
  mustPrint(printed, wanted);
  return Number(printed.slice(printed.lastIndexOf('\n'))) / 1024;
}

export const loadedMemory: Benchmark = {
  rows: [
    {
      name: 'memory of a 69 MB module',
      unit: 'MB',
      what: 'the most that `lunatic run yosys.wasm -- --version` takes, the first time or when it has been run before',
      peer: 'node:wasi',
      better: 'less',
      must: 1.5,
      aim: 1.1,
    },
  ],
  missing: programIsMissing('yosys.wasm'),
  measure: () =>
    withFolder(async (folder): Promise<Figure[]> => {
      const file = outsideProgram('yosys.wasm');
      const start = (): number =>
        memoryOf([launcher, 'run', file, '--', '--version'], /^Yosys/, { LUNATIC_CACHE: folder });
      let first = Number.POSITIVE_INFINITY;
      let second = Number.POSITIVE_INFINITY;
      const { peerValue } = await alternate(
        FEW_ROUNDS,
        async () => {
          // What V8 compiled of the command itself stays.
          rmSync(join(folder, 'modules'), { recursive: true, force: true });
          first = Math.min(first, start());
          second = Math.min(second, start());
          return Math.max(first, second);
        },
        async () => memoryOf(['-e', NODE_WASI, file, '--version'], /^Yosys/, {}),
      );
      const details = [`${first.toFixed(0)} MB the first time, ${second.toFixed(0)} MB the second time`];
      return [{ value: Math.max(first, second), peerValue, details }];
    }),
};

if (import.meta.main) {
  const all = [startup, olderStartup, debugStartup, secondStartup, loadedMemory];
  process.exit(await bench(all, process.argv.slice(2)));
}
