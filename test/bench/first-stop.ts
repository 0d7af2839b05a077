/** How long a person waits from F5 until the program has stopped at the first breakpoint, and its line can be seen. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { DebugClient } from '@vscode/debugadapter-testsupport';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { launcher, projectFolder } from '../support/command.ts';
import { alternate, time } from './alternate.ts';
import { bench } from './bench.ts';
import type { Benchmark } from './benchmark.ts';

const ROUNDS = 9;
/** Sessions of a program that has just been built. */
const FRESH_ROUNDS = 3;

const folder = join(projectFolder, 'test', 'guests', 'debug');
const source = join(folder, 'shelter.rs');
/** The first line of the function `main` that the program comes to. */
const LINE =
  readFileSync(source, 'utf8')
    .split('\n')
    .findIndex((text) => text.endsWith('// first')) + 1;

/** An adapter as an editor starts it. */
class Editor extends DebugClient {
  constructor() {
    super('', '', 'lunatic');
  }

  /** What an editor does between F5 and the moment in which it displays the line. */
  async stopAtFirstLine(program: string): Promise<void> {
    const adapter = spawn(process.execPath, [launcher, 'dap'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const closed = new Promise((done) => adapter.once('close', done));
    this.connect(adapter.stdout, adapter.stdin);
    const stopped = new Promise<DebugProtocol.StoppedEvent>((done) => this.once('stopped', done));
    const initialized = new Promise((done) => this.once('initialized', done));
    await this.initializeRequest({ adapterID: 'lunatic', clientID: 'vscode' });
    const launch = { program, sourceFileMap: { '/crates/src': folder } };
    await this.launchRequest(launch as DebugProtocol.LaunchRequestArguments);
    await initialized;
    await this.setBreakpointsRequest({ source: { path: source }, breakpoints: [{ line: LINE }] });
    await this.configurationDoneRequest();
    const { threadId = 0 } = (await stopped).body;
    await this.threadsRequest();
    const { stackFrames } = (await this.stackTraceRequest({ threadId, startFrame: 0, levels: 1 })).body;
    if (stackFrames[0]?.line !== LINE) throw new Error(`it has stopped in line ${stackFrames[0]?.line}`);
    this.#end = async () => {
      await this.disconnectRequest();
      adapter.stdin.end();
      await closed;
    };
  }

  #end: () => Promise<void> = async () => {};

  end(): Promise<void> {
    return this.#end();
  }
}

export const firstStop: Benchmark = {
  rows: [
    {
      name: 'F5 to the first stop',
      unit: 'ms',
      what: 'from the start of the debug adapter until it has told the line at which a Rust program with 5 MB of debug info has stopped, from the second session on, less what `lunatic run` of the same program takes',
      peer: null,
      better: 'less',
      must: 600,
      aim: 250,
    },
  ],
  async measure() {
    const temporary = mkdtempSync(join(tmpdir(), 'lunatic-bench-'));
    try {
      const program = join(temporary, 'shelter.wasm');
      writeFileSync(program, brotliDecompressSync(readFileSync(join(folder, 'shelter-rust.wasm.br'))));
      const env = { ...process.env, LUNATIC_CACHE: temporary };
      process.env['LUNATIC_CACHE'] = temporary;
      const debugged = async () => {
        const editor = new Editor();
        const spent = await time(() => editor.stopAtFirstLine(program));
        await editor.end();
        return spent;
      };
      const plain = () =>
        time(() => void spawnSync(process.execPath, [launcher, 'run', program, '--', 'nobody'], { env }));
      const { value, peerValue } = await alternate(ROUNDS, debugged, plain);
      let fresh = Number.POSITIVE_INFINITY;
      for (let i = 0; i < FRESH_ROUNDS; i++) {
        rmSync(join(temporary, 'modules'), { recursive: true });
        fresh = Math.min(fresh, await debugged());
      }
      const details = [
        `${value.toFixed(0)} ms until it has stopped, ${fresh.toFixed(0)} ms in its first session, ${peerValue?.toFixed(0)} ms for a plain run`,
      ];
      return [{ value: value - (peerValue ?? 0), peerValue: null, details }];
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  },
};

if (import.meta.main) process.exit(await bench([firstStop], process.argv.slice(2)));
