import { runningTests } from '../host/running-tests.ts';
import { displayedNames } from '../inspect/snapshot.ts';
import { ByteReader } from '../kernel/codec/byte-reader.ts';
import type { Environment } from '../kernel/environment.ts';
import type { ProcessId, SchedulerIndex } from '../kernel/ids.ts';
import type { Process } from '../kernel/process.ts';
import type { DeathCause } from '../testing/death-causes.ts';
import type { DoneElsewhere, OtherSchedulers } from '../testing/other-schedulers.ts';
import { TestRun } from '../testing/test-run.ts';
import { tellCause } from './far-tests.ts';
import type { Program } from './programs.ts';
import { bytesOf } from './requests.ts';
import type { SchedulerSystem } from './system.ts';
import type { SystemWatcher } from './system-roles.ts';
import { readExit, readReport, TestRequest, TestWire } from './test-wire.ts';

/** Milliseconds that another scheduler has to tell what it knows of a test. */
const ANSWER_TIME = 3000;

const DONE = new Uint8Array(0);
const NOBODY: DoneElsewhere = { processes: [], count: 0 };

/** Tells the tests of this scheduler, the first one, what happens to their processes on others. */
export class TestService implements OtherSchedulers, SystemWatcher {
  readonly #system: SchedulerSystem;
  /** The numbers of programs of which somebody holds a process, by scheduler. */
  readonly #held = new Map<SchedulerIndex, Set<number>>();

  constructor(system: SchedulerSystem) {
    this.#system = system;
    system.watchers.push(this);
    this.#take(TestRequest.Begun, (test) => test.beginElsewhere());
    this.#take(TestRequest.Named, (test, reader) => test.setName(reader.text()));
    this.#take(TestRequest.ShouldTrap, (test, reader) => test.shouldTrap(reader.text()));
    this.#take(TestRequest.Reported, (test, reader, wire) => {
      const report = readReport(reader);
      test.report(report, () => wire.readStack(reader));
    });
    this.#take(TestRequest.Counted, (test, reader) => test.countReports(reader.varint()));
    this.#take(TestRequest.Ended, (test, reader, wire, { key }) => {
      const exit = readExit(reader);
      test.endElsewhere(exit, reader.u8() === 0 ? null : wire.readCause(reader, key));
    });
    this.#take(TestRequest.Cause, (test, reader, wire, { key }) => {
      const id = reader.varint() as ProcessId;
      test.inherit(id, wire.readCause(reader, key));
    });
    system.requests.answer(TestRequest.Held, (from, body) => {
      const reader = new ByteReader(body, 'what is held');
      const key = reader.varint();
      const held = this.#held.get(from as SchedulerIndex) ?? new Set();
      this.#held.set(from as SchedulerIndex, held);
      if (reader.u8() === 1) held.add(key);
      else held.delete(key);
      return DONE;
    });
  }

  #take(
    kind: string,
    take: (test: TestRun, reader: ByteReader, wire: TestWire, program: Program) => void,
  ): void {
    this.#system.requests.answer(kind, (from, body) => {
      const reader = new ByteReader(body, 'what happens to a test');
      const program = this.#system.programs.get(reader.varint());
      const test = program === undefined ? undefined : runningTests.get(program.environment);
      if (program !== undefined && test instanceof TestRun)
        take(test, reader, new TestWire(this.#system, from as SchedulerIndex), program);
      return DONE;
    });
  }

  // -- what tests ask ----------------------------------------------------------------------------------

  async describe(environment: Environment<Process>, most: number): Promise<DoneElsewhere> {
    const program = this.#system.programs.in(environment);
    if (program === undefined) return NOBODY;
    const { registry } = program;
    const body = bytesOf((writer) => {
      writer.varint(program.key);
      writer.varint(most);
    });
    const answers = await this.#system.requests.requestAll(TestRequest.Describe, body, ANSWER_TIME);
    const namesOf = (id: ProcessId) => displayedNames({ id, registry });
    let count = 0;
    const processes = [...answers].flatMap(([from, answer]) => {
      const reader = new ByteReader(answer, 'what processes of a test are doing');
      count += reader.varint();
      return new TestWire(this.#system, from).readSnapshots(reader, namesOf);
    });
    return { count, processes };
  }

  async settle(environment: Environment<Process>): Promise<void> {
    // What the only other one has told comes before the end of the test, if that is there, or else before the message that let it end.
    if (this.#system.mesh.peers.size < 2 || this.#system.programs.in(environment) === undefined) return;
    await this.#system.requests.requestAll(TestRequest.Settle, DONE, ANSWER_TIME);
  }

  isHeld(environment: Environment<Process>): boolean {
    const key = this.#system.programs.in(environment)?.key;
    if (key === undefined) return false;
    for (const held of this.#held.values()) if (held.has(key)) return true;
    return false;
  }

  tellCause(environment: Environment<Process>, id: ProcessId, cause: DeathCause): void {
    const program = this.#system.programs.in(environment);
    if (program !== undefined) tellCause(this.#system, program, id, cause);
  }

  close(environment: Environment<Process>): void {
    const program = this.#system.programs.in(environment);
    if (program !== undefined) this.#system.close(program);
  }

  // -- what happens to schedulers ----------------------------------------------------------------------

  losing(index: SchedulerIndex): void {
    this.#held.delete(index);
    for (const { environment } of this.#system.programs) {
      const test = runningTests.get(environment);
      if (test instanceof TestRun) test.lose(index);
    }
  }

  closed(key: number): void {
    for (const held of this.#held.values()) held.delete(key);
  }
}
