import type { TestCase, TestEvent, TestFailure, TestResult } from '../../testing/index.ts';
import type { Reporter, ReporterOptions } from './reporter.ts';

/** A JSON object a line, as things happen; docs/testing.md lists them. Times are in milliseconds. */
export class JsonReporter implements Reporter {
  readonly #print: (text: string) => void;
  #file = '';
  #start: number;

  constructor({ print, start }: ReporterOptions) {
    this.#print = print;
    this.#start = start;
  }

  begin(file: string): void {
    this.#file = file;
  }

  show(event: TestEvent): void {
    switch (event.kind) {
      case 'discovered': {
        const tests = event.selected.map(({ test, runs }) => ({
          name: test.name,
          export: test.exportName,
          ignored: test.ignored,
          runs,
          expectedPanic: test.expectedPanic,
        }));
        this.#line('discovered', { tests, filteredOut: event.filteredOut });
        break;
      }
      case 'started':
      case 'ignored':
        this.#line(event.kind, identity(event.test));
        break;
      case 'finished':
        this.#line('finished', result(event.result));
        break;
      case 'done': {
        const { kind: _, ...counts } = event;
        const now = performance.now();
        this.#line('summary', { ...counts, duration: milliseconds(now - this.#start) });
        this.#start = now;
        break;
      }
    }
  }

  fail(message: string): void {
    this.#line('error', { message });
  }

  end(): void {}

  #line(event: string, fields: object): void {
    this.#print(`${JSON.stringify({ event, file: this.#file, ...fields })}\n`);
  }
}

function identity({ name, exportName }: TestCase): object {
  return { name, export: exportName };
}

function result({ test, name, outcome, failures, shouldFail, output, duration }: TestResult): object {
  const [first] = failures;
  return {
    ...identity(test),
    title: name,
    outcome,
    shouldFail,
    duration: milliseconds(duration),
    message: first?.message ?? null,
    expected: first?.expected ?? null,
    actual: first?.actual ?? null,
    location: first?.location ?? null,
    failures: failures.map(failure),
    output: output.text,
  };
}

function failure({ stack, processes, ...rest }: TestFailure): object {
  return {
    ...rest,
    stack: frames(stack),
    processes: processes.map((p) => ({ ...p, stack: frames(p.stack) })),
  };
}

function frames(stack: TestFailure['stack']): object[] {
  return stack.map(({ functionName, functionIndex, offset }) => ({
    function: functionName ?? null,
    index: functionIndex,
    offset,
  }));
}

/** To microseconds. */
function milliseconds(duration: number): number {
  return Math.round(duration * 1000) / 1000;
}
