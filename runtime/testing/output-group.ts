import type { Process } from '../kernel/process.ts';
import type { InputStream, OutputStream, Stdio } from '../kernel/stdio.ts';
import { KeptOutput } from './kept-output.ts';
import type { TestWatcher } from './test-options.ts';

type OutputWatcher = Pick<TestWatcher, 'onOutput'>;

/**
 * What the processes of one test print. Each process has one stream for both standard output and standard error. They are
 * numbered in the order of spawning; the root process of the test has number 0 (abi 21.3.5).
 */
export class OutputGroup {
  readonly #input: InputStream;
  readonly #echo: OutputStream | null;
  readonly #watcher: OutputWatcher | null;
  readonly #streams: CapturedStream[] = [];

  /**
   * @param echo gets a copy of everything as it is printed
   * @param watcher is called with everything as it is printed
   */
  constructor(input: InputStream, echo: OutputStream | null, watcher: OutputWatcher | null = null) {
    this.#input = input;
    this.#echo = echo;
    this.#watcher = watcher;
  }

  /** The standard streams of the next process. Its children get theirs in the same way. */
  nextStdio(): Stdio {
    const stream = new CapturedStream(this.#echo, this.#watcher);
    this.#streams.push(stream);
    return { input: this.#input, output: stream, error: stream, forChild: () => this.nextStdio() };
  }

  /** What the root process has printed. */
  get rootText(): string {
    return this.#streams[0]?.kept.text ?? '';
  }

  /** What one of the test's processes has printed. */
  textOf({ stdio }: Process): string {
    return stdio.output instanceof CapturedStream ? stdio.output.kept.text : '';
  }

  get isEmpty(): boolean {
    return this.#streams.every(({ kept }) => kept.isEmpty);
  }

  /** Adds lines to the stream of the root process. They are not echoed. */
  addNote(note: string): void {
    const lineIsOpen = this.rootText !== '' && !this.rootText.endsWith('\n');
    this.#streams[0]?.kept.add(Buffer.from(lineIsOpen ? `\n${note}` : note));
  }

  /** Everything that was printed, with a headline for each process where there are several. */
  get text(): string {
    if (this.#streams.length === 1) return this.rootText;
    let all = '';
    for (const [number, { kept }] of this.#streams.entries()) {
      if (all !== '' && !all.endsWith('\n')) all += '\n';
      all += ` --- process ${number} stdout ---\n${kept.text}`;
    }
    return all;
  }
}

class CapturedStream implements OutputStream {
  readonly isTerminal = false;
  readonly kept = new KeptOutput();
  readonly #echo: OutputStream | null;
  readonly #watcher: OutputWatcher | null;

  constructor(echo: OutputStream | null, watcher: OutputWatcher | null) {
    this.#echo = echo;
    this.#watcher = watcher;
  }

  write(bytes: Uint8Array): Promise<void> | null {
    this.kept.add(bytes);
    this.#watcher?.onOutput(bytes);
    return this.#echo?.write(bytes) ?? null;
  }
}
