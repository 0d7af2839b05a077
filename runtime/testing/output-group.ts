import type { InputStream, OutputStream, Stdio } from '../kernel/stdio.ts';
import { KeptOutput } from './kept-output.ts';
import { ENDLESS_ROOM, type OutputRoom, PartOfRoom, RunRoom } from './output-room.ts';
import type { TestWatcher } from './test-options.ts';

type OutputWatcher = Pick<TestWatcher, 'onOutput'>;

/** The bytes that are kept of the output of all processes of one test. */
const KEPT_OF_TEST = 16 * 2 ** 20;

/**
 * The bytes of the beginning, and of the end, that are kept however much others have printed: of the root process in any case,
 * of another one whatever those of its test have printed.
 */
const KEPT_OF_ROOT = 32 * 2 ** 10;
const KEPT_OF_OTHER = 2 * 2 ** 10;

/** The number of processes whose outputs are kept apart. Those of all further ones are one. */
const MAX_STREAMS = 1000;

/** The bytes that are kept of a test that has passed, and where room is scarce. */
const KEPT_OF_PASSED = 256 * 2 ** 10;
const SCARCELY_KEPT = 4 * 2 ** 10;

/**
 * What the processes of one test print. Each process has one stream for both standard output and standard error. They are
 * numbered in the order of spawning; the root process of the test has number 0 (abi 21.3.5).
 */
export class OutputGroup {
  readonly #input: InputStream;
  readonly #echo: OutputStream | null;
  readonly #watcher: OutputWatcher | null;
  readonly #room: RunRoom;
  #ownRoom: OutputRoom | null = null;
  readonly #streams: CapturedStream[] = [];
  /** The streams of all further processes; null as long as each has its own. */
  #last: Stdio | null = null;
  #note = '';
  /** The bytes of each part of an output that are kept once the test has ended; null before. */
  #share: number | null = null;

  /**
   * @param echo gets a copy of everything as it is printed
   * @param watcher is called with everything as it is printed
   * @param room shared with the other tests of a run
   */
  constructor(
    input: InputStream,
    echo: OutputStream | null,
    watcher: OutputWatcher | null = null,
    room = new RunRoom(),
  ) {
    this.#input = input;
    this.#echo = echo;
    this.#watcher = watcher;
    this.#room = room;
  }

  /** The standard streams of the next process. Its children get theirs in the same way. */
  nextStdio(): Stdio {
    if (this.#last !== null) return this.#last;
    const isRoot = this.#streams.length === 0;
    const stream = new CapturedStream(() => this.#keep(isRoot), this.#echo, this.#watcher);
    const stdio = { input: this.#input, output: stream, error: stream, forChild: () => this.nextStdio() };
    if (this.#streams.push(stream) > MAX_STREAMS) this.#last = stdio;
    return stdio;
  }

  /** Makes room for the output of a process that begins to print. Most tests print nothing. */
  #keep(isRoot: boolean): KeptOutput {
    this.#ownRoom ??= new PartOfRoom(this.#room, KEPT_OF_TEST);
    const own = this.#ownRoom;
    const [reserve, reserveOf] = isRoot ? [KEPT_OF_ROOT, ENDLESS_ROOM] : [KEPT_OF_OTHER, this.#room];
    const part = () => new PartOfRoom(own, Number.POSITIVE_INFINITY, reserve, reserveOf);
    const kept = new KeptOutput(part(), part());
    if (this.#share !== null) kept.trim(this.#share, this.#share);
    return kept;
  }

  /** What the root process has printed, and what was noted. */
  get rootText(): string {
    return `${this.#streams[0]?.kept?.text ?? ''}${this.#note}`;
  }

  /** What was printed to the streams of one of the test's processes. */
  textOf({ output }: Stdio): string {
    return output instanceof CapturedStream ? (output.kept?.text ?? '') : '';
  }

  get isEmpty(): boolean {
    return this.#note === '' && this.#streams.every(({ kept }) => kept?.isEmpty ?? true);
  }

  /** Adds lines to the stream of the root process. They are not echoed. */
  addNote(note: string): void {
    const lineIsOpen = this.#note === '' ? this.#streams[0]?.kept?.lineIsOpen : !this.#note.endsWith('\n');
    this.#note += lineIsOpen ? `\n${note}` : note;
  }

  /** Everything that was printed, with a headline for each process where there are several. */
  get text(): string {
    return this.#streams.length <= 1 ? this.rootText : this.#joined([...this.#streams.keys()]);
  }

  /** The same of the processes that have printed something: tools are not interested in the others. */
  get printed(): string {
    const isSilent = (number: number) => this.#streams[number]?.kept?.isEmpty ?? true;
    const numbers = [...this.#streams.keys()].filter(
      (number) => !isSilent(number) || (number === 0 && this.#note !== ''),
    );
    return numbers.every((number) => number === 0) ? this.rootText : this.#joined(numbers);
  }

  #joined(numbers: readonly number[]): string {
    let all = '';
    for (const number of numbers) {
      if (all !== '' && !all.endsWith('\n')) all += '\n';
      const name = number > MAX_STREAMS - 1 ? 'further processes' : `process ${number}`;
      all += ` --- ${name} stdout ---\n${number === 0 ? this.rootText : (this.#streams[number]?.kept?.text ?? '')}`;
    }
    return all;
  }

  /** Must be called when the test has passed: few people read what it has printed. */
  trim(): void {
    this.#trim(this.#room.isScarce ? SCARCELY_KEPT : KEPT_OF_PASSED);
  }

  /** Keeps nothing of it from now on. */
  drop(): void {
    this.#trim(0);
  }

  #trim(bytes: number): void {
    const share = Math.floor(bytes / 2 / Math.max(1, this.#streams.length));
    this.#share = share;
    for (const { kept } of this.#streams) kept?.trim(share, share);
  }
}

class CapturedStream implements OutputStream {
  readonly isTerminal = false;
  /** Null until something is printed. */
  kept: KeptOutput | null = null;
  readonly #keep: () => KeptOutput;
  readonly #echo: OutputStream | null;
  readonly #watcher: OutputWatcher | null;

  constructor(keep: () => KeptOutput, echo: OutputStream | null, watcher: OutputWatcher | null) {
    this.#keep = keep;
    this.#echo = echo;
    this.#watcher = watcher;
  }

  get isFull(): boolean {
    return this.#echo?.isFull ?? false;
  }

  whenWritable(ready: () => void): () => void {
    return this.#echo?.whenWritable(ready) ?? (() => {});
  }

  write(bytes: Uint8Array): Promise<void> | null {
    this.kept ??= this.#keep();
    this.kept.add(bytes);
    this.#watcher?.onOutput(bytes);
    return this.#echo?.write(bytes) ?? null;
  }
}
