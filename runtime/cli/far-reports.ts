import { displayedNames } from '../inspect/snapshot.ts';
import type { ProcessSnapshot } from '../inspect/view/index.ts';
import { ByteReader } from '../kernel/codec/byte-reader.ts';
import type { Environment } from '../kernel/environment.ts';
import { FIRST_SCHEDULER, type ProcessId } from '../kernel/ids.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import type { OutputStream } from '../kernel/stdio.ts';
import { bytesOf, numberBytes, numberIn } from '../schedulers/requests.ts';
import type { SchedulerSystem } from '../schedulers/system.ts';
import { type ProcessesReport, Reports } from './report.ts';

/** Kinds of requests: a report is to be printed; one is being made; its text, once it is made; what processes of a program are doing; the program has ended. */
const PRINT = 'report';
const PRINT_LATER = 'report later';
const TEXT = 'text of report';
const DESCRIBE = 'describe processes';
const END = 'end reports';
/** Bytes of reports that the first scheduler has not taken, from which on they are only counted. */
const MUCH = 2 ** 16;
/** Milliseconds that another scheduler has to tell what its processes are doing, and that it has printed all. */
const DESCRIBE_TIME = 3000;
const END_TIME = 150;

const DONE = new Uint8Array(0);

/** Tells what the processes of an environment are doing on this scheduler. */
export type DescribeProcesses = (
  environment: Environment<Process>,
  scheduler: Scheduler,
) => Promise<ProcessesReport>;

/** Brings the reports of a scheduler to the first one, behind what its processes have printed before. */
export class FarOutlet implements Pick<OutputStream, 'write'> {
  #system: SchedulerSystem | null = null;
  #untaken = 0;
  #waiting: (() => void)[] = [];
  /** Texts that are being made. */
  readonly #later = new Map<number, Promise<string>>();
  #last = 0;

  connect(system: SchedulerSystem): void {
    this.#system = system;
    system.requests.answer(TEXT, async (_, body) => {
      const number = numberIn(body);
      const text = this.#later.get(number);
      this.#later.delete(number);
      return Buffer.from((await text) ?? '');
    });
  }

  /** Prints a text that is made in the background, in the place that it has now. */
  writeLater(text: Promise<string>, otherwise: string): void {
    if (this.#system === null) return;
    const number = ++this.#last;
    text.catch(() => {});
    this.#later.set(number, text);
    const body = bytesOf((writer) => {
      writer.varint(number);
      writer.text(otherwise);
    });
    this.#system.requests.request(FIRST_SCHEDULER, PRINT_LATER, body).catch(() => {});
  }

  write(bytes: Uint8Array): Promise<void> | null {
    // What is said earlier is about the command line, of which the first one says it, too.
    if (this.#system === null) return null;
    const { length } = bytes;
    this.#untaken += length;
    const taken = () => {
      this.#untaken -= length;
      if (this.#untaken < MUCH) for (const resolve of this.#waiting.splice(0)) resolve();
    };
    this.#system.requests.request(FIRST_SCHEDULER, PRINT, bytes).then(taken, taken);
    return this.#untaken < MUCH ? null : new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** Reports that the first scheduler prints. */
export class SentReports extends Reports {
  readonly #outlet: FarOutlet;

  constructor(outlet: FarOutlet) {
    super(outlet);
    this.#outlet = outlet;
  }

  override printLater(text: Promise<string>, otherwise: string): void {
    if (this.isFull) super.printLater(text, otherwise);
    else this.#outlet.writeLater(text, otherwise);
  }
}

/** Answers what the first scheduler asks for its reports. */
export function answerReports(
  { requests, programs }: SchedulerSystem,
  scheduler: Scheduler,
  describe: DescribeProcesses,
): void {
  requests.answer(DESCRIBE, async (_, body) => {
    const program = programs.get(new ByteReader(body, 'a program').varint());
    const report =
      program === undefined
        ? { size: 0, processes: [], isComplete: true }
        : await describe(program.environment, scheduler);
    return bytesOf((writer) => writer.text(JSON.stringify(report)));
  });
  requests.answer(END, () => {
    // Processes that are left are abandoned. What they have reported goes before the answer.
    scheduler.halt();
    return DONE;
  });
}

/** What the first scheduler prints for others. */
export class FarReports {
  readonly #system: SchedulerSystem;

  constructor(system: SchedulerSystem, reports: Reports) {
    this.#system = system;
    system.requests.answer(PRINT, (_, body) => {
      reports.print(Buffer.from(body).toString());
      return reports.isFull ? reports.whenWritable().then(() => DONE) : DONE;
    });
    system.requests.answer(PRINT_LATER, (from, body) => {
      const reader = new ByteReader(body, 'a report');
      const number = reader.varint();
      const text = system.requests.request(from, TEXT, numberBytes(number));
      reports.printLater(
        text.then((bytes) => Buffer.from(bytes).toString()),
        reader.text(),
      );
      return DONE;
    });
  }

  /** What processes of a program are doing on other schedulers. One that does not answer is left out. */
  async describe(root: Process): Promise<ProcessesReport[]> {
    const { key } = this.#system.programs.of(root);
    const body = bytesOf((writer) => writer.varint(key));
    const found = await this.#system.requests.requestAll(DESCRIBE, body, DESCRIBE_TIME);
    return [...found.values()].map((answer) => {
      const report = JSON.parse(new ByteReader(answer, 'a report').text()) as ProcessesReport;
      return { ...report, processes: report.processes.map((process) => withNames(process, root)) };
    });
  }

  /** The program has ended: resolves when others have sent their last reports. */
  async end(): Promise<void> {
    await this.#system.requests.requestAll(END, DONE, END_TIME);
  }
}

/** The first scheduler keeps the names. */
function withNames(process: ProcessSnapshot, { registry }: Process): ProcessSnapshot {
  return { ...process, names: displayedNames({ id: process.id as ProcessId, registry }) };
}
