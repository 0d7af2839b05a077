import { REPORT_VERSION, type ReportEvent, reportLine, type TestEvent } from '../../testing/index.ts';
import type { Reporter, ReporterOptions } from './reporter.ts';

/** Writes the test report protocol: a JSON object a line, as things happen. */
export class JsonReporter implements Reporter {
  readonly #print: ReporterOptions['print'];
  #begun = false;
  #file = '';
  #start: number;

  constructor({ print, start }: ReporterOptions) {
    this.#print = print;
    this.#start = start;
  }

  begin(file: string): void {
    this.#file = file;
    if (this.#begun) return;
    this.#begun = true;
    this.#write({ event: 'report', version: REPORT_VERSION });
  }

  show(event: TestEvent): Promise<void> | null {
    const file = this.#file;
    switch (event.event) {
      case 'finished': {
        const { exit: _, output, duration, ...result } = event;
        const text = output.printed;
        output.drop();
        return this.#write({ ...result, file, duration: milliseconds(duration), output: text });
      }
      case 'summary': {
        const start = this.#start;
        this.#start = performance.now();
        return this.#write({ ...event, file, duration: milliseconds(this.#start - start) });
      }
      default:
        return this.#write({ ...event, file });
    }
  }

  fail(message: string): void {
    this.#write({ event: 'error', file: this.#file, message });
  }

  async end(): Promise<void> {}

  #write(event: ReportEvent): Promise<void> | null {
    return this.#print(reportLine(event));
  }
}

/** Milliseconds, rounded to microseconds. */
function milliseconds(duration: number): number {
  return Math.round(duration * 1000) / 1000;
}
