import { type Exit, ProcessConfig, type Root, Runtime } from '../../runtime/internal.ts';
import { assembleText } from '../../runtime/wat/index.ts';
import { Capture, Feed } from '../support/program.ts';

/** Bytes of a report: nanoseconds and a count. */
const REPORT = 16;

/** A guest of `messages.ts` that runs in this Node. Unlike a test's it keeps nothing of processes that ended. */
export class GuestRun {
  readonly input: Feed;
  readonly root: Root;
  readonly #stdout: Capture;

  private constructor(root: Root, input: Feed, stdout: Capture) {
    this.root = root;
    this.input = input;
    this.#stdout = stdout;
  }

  static async start(program: string): Promise<GuestRun> {
    const input = new Feed();
    const stdout = new Capture();
    const runtime = new Runtime();
    const module = runtime.load(await assembleText(program, 'bench.wat'));
    const stdio = { input, output: stdout, error: new Capture() };
    const root = await runtime.run(module, { config: ProcessConfig.forRoot(), stdio });
    return new GuestRun(root, input, stdout);
  }

  /** What the guest reported so far. */
  get reports(): { nanoseconds: number; count: number }[] {
    const { bytes } = this.#stdout;
    return Array.from({ length: bytes.length / REPORT }, (_, i) => ({
      nanoseconds: Number(bytes.readBigUint64LE(i * REPORT)),
      count: Number(bytes.readBigUint64LE(i * REPORT + 8)),
    }));
  }

  /** Waits until there are so many reports. */
  async reported(count: number): Promise<void> {
    while (this.reports.length < count && this.root.environment.size > 0) await turn();
  }

  /**
   * Waits for the root process's end.
   * @returns how many processes were left
   * @throws Error where it did not return
   */
  async finish(): Promise<number> {
    const exit: Exit = await this.root.ended;
    if (exit.kind !== 'returned') throw new Error(`the guest failed: ${JSON.stringify(exit)}`);
    return this.root.environment.size;
  }

  /** Ends what is left. */
  async stop(): Promise<void> {
    this.root.stop();
    while (this.root.environment.size > 0) await turn();
  }
}

function turn(): Promise<void> {
  return new Promise((done) => setImmediate(done));
}
