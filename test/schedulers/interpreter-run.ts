import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assembleText } from '../../runtime/wat/index.ts';
import { launcher } from '../support/command.ts';
import { interpreterText, Order, RECORD, RecordKind } from './interpreter.ts';
import { verdictOf } from './model.ts';
import { encodeScripts, type ModelProgram, SCRIPTS, SLOTS, TABLE, WORDS } from './program.ts';
import type { ProcessTrace, Trace } from './trace.ts';

/** Milliseconds without any news after which what has not come does not come. */
const PATIENCE = 8000;
/** Milliseconds between two questions who is alive. */
const INTERVAL = 2;
/** The longest text of standard error that is kept. */
const KEPT = 4000;

/** The command that runs programs of the model, one after another. */
export class InterpreterRun {
  readonly #schedulers: number;
  readonly #folder = mkdtempSync(join(tmpdir(), 'lunatic-model-'));
  readonly #file = join(this.#folder, 'interpreter.wasm');
  #child: ChildProcess | null = null;
  #rest = Buffer.alloc(0);
  #stderr = '';
  #number = 0;
  #onRecord: (record: Buffer) => void = () => {};
  /** What waits for orders to be carried out, which happens in turn. */
  #waiting: (() => void)[] = [];

  private constructor(schedulers: number) {
    this.#schedulers = schedulers;
  }

  /** @param schedulers how many there are; with 1 the command gets no such option */
  static async start(schedulers: number): Promise<InterpreterRun> {
    const run = new InterpreterRun(schedulers);
    writeFileSync(run.#file, await assembleText(interpreterText(), 'interpreter.wat'));
    return run;
  }

  /**
   * Runs a program until nothing more happens in it.
   * @returns what happened, and what should have but did not
   */
  async run(program: ModelProgram): Promise<{ readonly trace: Trace; readonly missing: readonly string[] }> {
    this.#number++;
    const number = this.#number;
    const child = this.#running();
    const trace: Trace = { program, processes: new Map() };
    const { processes } = trace;
    let news = performance.now();
    const know = (slot: number, id: number): ProcessTrace => {
      const known = processes.get(slot) ?? { slot, id, events: [], isDead: false };
      processes.set(slot, known);
      return known;
    };
    this.#onRecord = (record) => {
      const [of, slot, index, kind] = [0, 4, 8, 12].map((at) => record.readInt32LE(at)) as [
        number,
        number,
        number,
        number,
      ];
      const [a, b, c] = [16, 24, 32].map((at) => Number(record.readBigInt64LE(at))) as [
        number,
        number,
        number,
      ];
      if (kind === RecordKind.obeyed) this.#waiting.shift()?.();
      else if (of !== number) {
        // A process that was spawned while its parent was killed begins late.
        if (kind === RecordKind.begin) void this.#order(Order.kill, of, [a]);
      } else if (kind === RecordKind.exists) {
        const process = [...processes.values()].find(({ id }) => id === a);
        if (process !== undefined && b === 0 && !process.isDead) {
          process.isDead = true;
          news = performance.now();
        }
      } else {
        news = performance.now();
        if (slot === -1) know(index, a);
        else {
          const event = { kind, index, a, b, c };
          know(slot, kind === RecordKind.begin ? a : 0).events.push(event);
          const operation = program.scripts[slot]?.[index];
          if (kind === RecordKind.result && operation?.kind === 'spawn') know(operation.to, a);
        }
      }
    };
    const all = () => [...processes.values()];
    const alive = () => all().filter(({ isDead }) => !isDead);
    const look = () =>
      this.#order(
        Order.exists,
        number,
        alive().map(({ id }) => id),
      );
    const late = () =>
      performance.now() - news > PATIENCE || child.exitCode !== null || child.signalCode !== null;
    /** Looks again and again. @returns what is still missing when nothing more comes */
    const until = async (missing: () => string[]): Promise<string[]> => {
      for (;;) {
        await look();
        const left = missing();
        if (left.length === 0 || late()) return left;
        await new Promise((passed) => setTimeout(passed, INTERVAL));
      }
    };
    const rest = () =>
      alive()
        .filter(({ events }) => !events.some(({ kind }) => kind === RecordKind.done))
        .map(({ slot }) => `process ${slot} hangs`);

    try {
      await this.#order(Order.run, number, Array(program.first).fill(0), encodeScripts(program));
      let missing = await until(() => {
        const hanging = rest();
        return hanging.length > 0 ? hanging : [...verdictOf(trace).due];
      });
      if (missing.length === 0) {
        // What comes too often comes now.
        await look();
        const ended = alive();
        await this.#order(
          Order.end,
          number,
          ended.map(({ id }) => id),
        );
        missing = await until(() => alive().map(({ slot }) => `process ${slot} does not end`));
      }
      if (child.exitCode !== null || child.signalCode !== null) {
        missing.push(`the command ended with ${child.signalCode ?? child.exitCode}: ${this.#stderr}`);
      }
      if (missing.length > 0) await this.#stop();
      return { trace, missing };
    } finally {
      this.#onRecord = () => {};
    }
  }

  async close(): Promise<void> {
    await this.#stop();
    rmSync(this.#folder, { recursive: true });
  }

  /** Gives an order about some processes, and waits until it is carried out, or the command has ended. */
  #order(order: number, program: number, ids: readonly number[], scripts?: Buffer): Promise<void> {
    const bytes = Buffer.alloc(8 * WORDS);
    for (const [i, word] of [program, order, ids.length].entries())
      bytes.writeBigInt64LE(BigInt(word), 8 * i);
    for (const [i, id] of ids.slice(0, SLOTS).entries()) bytes.writeBigInt64LE(BigInt(id), 8 * (TABLE + i));
    scripts?.copy(bytes, 8 * SCRIPTS);
    const child = this.#child;
    return new Promise((done) => {
      const finish = () => {
        child?.off('close', finish);
        clearTimeout(limit);
        done();
      };
      const limit = setTimeout(finish, PATIENCE);
      child?.once('close', finish);
      this.#waiting.push(finish);
      child?.stdin?.write(bytes);
    });
  }

  #running(): ChildProcess {
    if (this.#child !== null) return this.#child;
    const apart = ['--place-children', 'apart'];
    const options = this.#schedulers === 1 ? [] : ['--schedulers', String(this.#schedulers), ...apart];
    const child = spawn(process.execPath, [launcher, 'run', ...options, this.#file], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#rest = Buffer.alloc(0);
    this.#stderr = '';
    this.#waiting = [];
    child.stdin.on('error', () => {});
    child.stderr.on('data', (chunk) => {
      this.#stderr = (this.#stderr + chunk).slice(-KEPT);
    });
    child.stdout.on('data', (chunk: Buffer) => {
      let bytes = Buffer.concat([this.#rest, chunk]);
      while (bytes.length >= RECORD) {
        this.#onRecord(bytes.subarray(0, RECORD));
        bytes = bytes.subarray(RECORD);
      }
      this.#rest = bytes;
    });
    return child;
  }

  async #stop(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const closed = new Promise((done) => child.once('close', done));
    child.kill('SIGKILL');
    await closed;
  }
}
