import { nextTick } from 'node:process';
import { type FailureReport, type RunningTest, runningTests } from '../host/running-tests.ts';
import { snapshots } from '../inspect/snapshot.ts';
import { ByteReader } from '../kernel/codec/byte-reader.ts';
import type { ByteWriter } from '../kernel/codec/byte-writer.ts';
import type { Exit } from '../kernel/exit.ts';
import { captureCaller, processStack } from '../kernel/guest-stack.ts';
import { FIRST_SCHEDULER, type ProcessId, type SchedulerIndex } from '../kernel/ids.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { type DeathCause, DeathCauses } from '../testing/death-causes.ts';
import { KeptReports } from '../testing/kept-reports.ts';
import type { Program } from './programs.ts';
import { bytesOf } from './requests.ts';
import type { SchedulerSystem } from './system.ts';
import { TestRequest, TestWire, writeExit, writeReport } from './test-wire.ts';

/** Characters of a test's name that are told: fewer are displayed. */
const LONGEST_NAME = 1000;

/** Failures of processes of a test of which the stacks are told to other schedulers. */
const MOST_STACKS = 100;

/** Milliseconds between two looks at whether processes are held. */
const HELD_INTERVAL = 50;

const DONE = new Uint8Array(0);

/** The tests of which processes are on this scheduler. The first one, which runs the tests, is told what happens to them. */
export class FarTests {
  readonly #system: SchedulerSystem;
  readonly #tests = new Map<number, FarTest>();

  /**
   * @param system without a link so far
   * @param isInspected whether somebody may hold processes
   */
  constructor(system: SchedulerSystem, scheduler: Scheduler, isInspected: boolean) {
    this.#system = system;
    system.watchers.push({
      opened: (program) => {
        const test = new FarTest(system, program);
        this.#tests.set(program.key, test);
        runningTests.set(program.environment, test);
      },
      closed: (key) => this.#tests.delete(key),
      losing: (index) => {
        for (const test of this.#tests.values()) test.losing(index);
      },
    });
    scheduler.observers.add({
      onExit: (process, exit) => {
        const test = runningTests.get(process.environment);
        if (test instanceof FarTest) test.onExit(process, exit);
      },
    });
    system.rootBegins = (root) => {
      const test = runningTests.get(root.environment);
      if (test instanceof FarTest) test.begin();
    };
    this.#answer(scheduler);
    if (isInspected) setInterval(() => this.#tellHeld(), HELD_INTERVAL).unref();
  }

  #answer(scheduler: Scheduler): void {
    const { requests } = this.#system;
    requests.answer(TestRequest.Cause, (from, body) => {
      const reader = new ByteReader(body, 'a cause');
      const key = reader.varint();
      const id = reader.varint() as ProcessId;
      const cause = new TestWire(this.#system, from as SchedulerIndex).readCause(reader, key);
      this.#tests.get(key)?.inherit(id, cause);
      return DONE;
    });
    requests.answer(TestRequest.Describe, async (from, body) => {
      const reader = new ByteReader(body, 'a question about a test');
      const environment = this.#tests.get(reader.varint())?.program.environment;
      const most = reader.varint();
      const size = environment?.size ?? 0;
      const found =
        environment === undefined ? [] : await snapshots(environment.processes(), scheduler, most);
      return bytesOf((writer) => {
        writer.varint(size);
        new TestWire(this.#system, from as SchedulerIndex).writeSnapshots(writer, found);
      });
    });
    requests.answer(TestRequest.Settle, () => DONE);
  }

  #tellHeld(): void {
    for (const test of this.#tests.values()) test.tellHeld();
  }
}

/** A test, as its processes on this scheduler know it. */
class FarTest implements RunningTest {
  readonly program: Program;
  readonly #system: SchedulerSystem;
  readonly #wire: TestWire;
  /** The first scheduler has room enough for these, or else says so in what it reports. */
  readonly #reports = new KeptReports({ take: () => true });
  readonly #causes: DeathCauses;
  #uncounted = 0;
  #stacks = 0;
  #isHeld = false;

  constructor(system: SchedulerSystem, program: Program) {
    this.#system = system;
    this.program = program;
    this.#wire = new TestWire(system, FIRST_SCHEDULER);
    this.#causes = new DeathCauses((peer, cause) => this.#tellCause(peer, cause));
  }

  /** Tells the first scheduler. Whoever says much waits until the link has room. */
  #tell(kind: string, write: (writer: ByteWriter) => void): void {
    this.#system.tell(FIRST_SCHEDULER, kind, (writer) => {
      writer.varint(this.program.key);
      write(writer);
    });
  }

  begin(): void {
    this.#tell(TestRequest.Begun, () => {});
  }

  setName(name: string): void {
    this.#tell(TestRequest.Named, (writer) => writer.text(name.slice(0, LONGEST_NAME)));
  }

  shouldTrap(message: string): void {
    this.#tell(TestRequest.ShouldTrap, (writer) => writer.text(message));
  }

  fail(caller: Process, report: FailureReport): void {
    if (!this.#reports.takes(report)) {
      if (this.#uncounted++ === 0) nextTick(this.#tellCount);
      return;
    }
    const frames = processStack(captureCaller(), caller);
    this.#tell(TestRequest.Reported, (writer) => {
      writeReport(writer, report);
      this.#wire.writeStack(writer, { module: caller.module, frames });
    });
  }

  readonly #tellCount = (): void => {
    if (this.#uncounted > 0) this.#tell(TestRequest.Counted, (writer) => writer.varint(this.#uncounted));
    this.#uncounted = 0;
  };

  /** A process of the test has ended here. Those that are linked to it have not heard of it yet. */
  onExit(process: Process, exit: Exit): void {
    const cause = this.#causes.observe(process, exit);
    this.#tellCount();
    if (process.parent !== null) return;
    this.#tell(TestRequest.Ended, (writer) => {
      writeExit(writer, exit);
      writer.u8(cause === null ? 0 : 1);
      if (cause !== null) this.#wire.writeCause(writer, cause, this.program.key, cause.stack());
    });
  }

  /** Takes what a process here is about to die of, as another scheduler tells. */
  inherit(id: ProcessId, cause: DeathCause): void {
    this.#causes.inherit(this.program.environment.get(id), cause);
  }

  /** A scheduler has gone, with the processes that it had. */
  losing(index: SchedulerIndex): void {
    this.#causes.lose(this.program.environment, index);
  }

  #tellCause(peer: ProcessId, cause: DeathCause): void {
    const stack = ++this.#stacks > MOST_STACKS ? null : cause.stack();
    tellCause(this.#system, this.program, peer, { ...cause, stack: () => stack });
  }

  tellHeld(): void {
    let isHeld = false;
    for (const { paused } of this.program.environment.processes()) isHeld ||= paused;
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    this.#tell(TestRequest.Held, (writer) => writer.u8(isHeld ? 1 : 0));
  }
}

/** Tells the scheduler that has a process what it is about to die of. */
export function tellCause(
  system: SchedulerSystem,
  { key, far }: Program,
  id: ProcessId,
  cause: DeathCause,
): void {
  const to = far.place(id);
  system.tell(to, TestRequest.Cause, (writer) => {
    writer.varint(key);
    writer.varint(id);
    new TestWire(system, to).writeCause(writer, cause, key, cause.stack());
  });
}
