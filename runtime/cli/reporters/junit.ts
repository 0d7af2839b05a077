import { basename } from 'node:path';
import { shortPath } from '../../symbols/short-path.ts';
import { formatFrame, placeText } from '../../symbols/stack-frame.ts';
import type { OutputGroup, ReportFrame, TestEvent, TestFailure, TestResult } from '../../testing/index.ts';
import { printableLines } from '../../text/printable.ts';
import type { Reporter, ReporterOptions } from './reporter.ts';
import { type Attributes, element, endTag, startTag, text } from './xml.ts';

/** A test, or a file that cannot be tested. */
interface Case {
  readonly attributes: Attributes;
  /** Elements that tell how it went. */
  readonly parts: readonly string[];
  /** What it has printed. */
  readonly output?: OutputGroup;
}

/** The results of one file. */
interface Suite {
  readonly file: string;
  readonly date: Date;
  readonly start: number;
  readonly cases: Case[];
  /** Tests without a result, by their exports, and those of them that have begun. */
  readonly left: Map<string, string>;
  readonly started: Set<string>;
  tests: number;
  failures: number;
  errors: number;
  skipped: number;
  /** Milliseconds. */
  duration: number;
}

/** What is said of a test that ran when the run was interrupted: CI servers show errors, and it may be why nothing went on. */
const INTERRUPTED = element('error', { message: 'interrupted while it ran', type: 'interrupted' });

/**
 * Prints one XML document at the end, in the format that CI servers read, with a suite for each file. It is written piece by
 * piece: as one text it could be too long for a string.
 */
export class JunitReporter implements Reporter {
  readonly #print: ReporterOptions['print'];
  readonly #suites: Suite[] = [];

  constructor({ print }: ReporterOptions) {
    this.#print = print;
  }

  begin(file: string): void {
    const counts = { tests: 0, failures: 0, errors: 0, skipped: 0, duration: 0 };
    this.#suites.push({
      ...{ file, date: new Date(), start: performance.now(), cases: [], left: new Map(), started: new Set() },
      ...counts,
    });
  }

  show(event: TestEvent): null {
    const suite = this.#suites.at(-1);
    if (suite === undefined) return null;
    switch (event.event) {
      case 'discovered':
        for (const test of event.tests) suite.left.set(test.export, test.name);
        break;
      case 'started':
        suite.started.add(event.export);
        break;
      case 'ignored':
        suite.left.delete(event.export);
        suite.skipped++;
        this.#add(suite, caseAttributes(suite.file, event.name, event.name, 0), [
          element('skipped', { message: 'ignored' }),
        ]);
        break;
      case 'finished':
        suite.left.delete(event.export);
        this.#addResult(suite, event);
        break;
      case 'summary':
        suite.duration = performance.now() - suite.start;
        break;
    }
    return null;
  }

  fail(message: string): void {
    const suite = this.#suites.at(-1);
    if (suite === undefined) return;
    suite.errors++;
    suite.left.clear();
    const name = basename(suite.file);
    const error = element('error', { message: firstLine(message), type: 'module' }, [text(message)]);
    this.#add(suite, { name, classname: name, time: '0.000' }, [error]);
    suite.duration = performance.now() - suite.start;
  }

  async end(): Promise<void> {
    for (const suite of this.#suites) this.#addLeft(suite);
    const sum = (count: (suite: Suite) => number) =>
      this.#suites.reduce((all, suite) => all + count(suite), 0);
    const totals = {
      name: 'lunatic test',
      tests: sum(({ tests }) => tests),
      failures: sum(({ failures }) => failures),
      errors: sum(({ errors }) => errors),
      skipped: sum(({ skipped }) => skipped),
      time: seconds(sum(({ duration }) => duration)),
    };
    await this.#print('<?xml version="1.0" encoding="UTF-8"?>\n');
    await this.#printElement('testsuites', totals, this.#suites, (suite) => this.#printSuite(suite));
  }

  async #printSuite({ file, date, cases, duration, ...counts }: Suite): Promise<void> {
    const { tests, failures, errors, skipped } = counts;
    const attributes = {
      name: file,
      tests,
      failures,
      errors,
      skipped,
      time: seconds(duration),
      timestamp: date.toISOString().replace(/\.\d+Z$/, ''),
    };
    await this.#printElement('testsuite', attributes, cases, async ({ attributes, parts, output }) => {
      const printed =
        output === undefined || output.isEmpty ? [] : [element('system-out', {}, [text(output.printed)])];
      output?.drop();
      await this.#print(element('testcase', attributes, [...parts, ...printed]));
    });
  }

  /** Prints an element, with what is printed for each of the items inside. */
  async #printElement<Item>(
    name: string,
    attributes: Attributes,
    items: readonly Item[],
    print: (item: Item) => Promise<void>,
  ): Promise<void> {
    if (items.length === 0) {
      await this.#print(element(name, attributes));
      return;
    }
    await this.#print(startTag(name, attributes));
    for (const item of items) await print(item);
    await this.#print(endTag(name));
  }

  #addResult(suite: Suite, result: TestResult): void {
    const { name, title, outcome, failures, output, duration } = result;
    const parts: string[] = [];
    const place = failures.find(({ location }) => location !== null)?.location ?? null;
    const [first] = failures;
    if (first !== undefined) {
      suite.failures++;
      const attributes = { message: firstLine(first.message), type: first.reason };
      parts.push(element('failure', attributes, [text(failures.map(describe).join('\n'))]));
    } else if (outcome === 'cancelled') {
      suite.errors++;
      parts.push(INTERRUPTED);
    }
    const attributes = caseAttributes(suite.file, name, title, duration);
    const placed = place === null ? {} : { file: shortPath(place.file), line: place.line };
    this.#add(suite, { ...attributes, ...placed }, parts, output);
  }

  /** Adds the tests that have no result since the run was interrupted. */
  #addLeft(suite: Suite): void {
    if (suite.left.size > 0) suite.duration ||= performance.now() - suite.start;
    for (const [exportName, name] of suite.left) {
      const hasBegun = suite.started.has(exportName);
      if (hasBegun) suite.errors++;
      else suite.skipped++;
      const part = hasBegun ? INTERRUPTED : element('skipped', { message: 'not run: interrupted' });
      this.#add(suite, caseAttributes(suite.file, name, name, 0), [part]);
    }
  }

  #add(suite: Suite, attributes: Attributes, parts: readonly string[], output?: OutputGroup): void {
    suite.tests++;
    suite.cases.push({ attributes, parts, ...(output === undefined ? {} : { output }) });
  }
}

/** The class is what stands before the last `::` of the name. For names without one it is the name of the module. */
function caseAttributes(file: string, name: string, title: string, duration: number): Attributes {
  const at = name.lastIndexOf('::');
  const ownName = at < 0 ? name : name.slice(at + 2);
  return {
    name: title === name ? ownName : title,
    classname: at < 0 ? basename(file).replace(/\.\w+$/, '') : name.slice(0, at),
    time: seconds(duration),
  };
}

function describe({ message, expected, actual, location, stack }: TestFailure): string {
  const lines = [message];
  if (expected !== null) lines.push(`expected: ${expected}`);
  if (actual !== null) lines.push(`actual: ${actual}`);
  if (location !== null) lines.push(`at ${placeText(location)}`);
  return printableLines([...lines, ...stack.map((frame) => `    ${describeFrame(frame)}`)].join('\n'));
}

/** A frame in the format of all stacks. */
function describeFrame(frame: ReportFrame): string {
  return formatFrame({
    functionName: frame.function ?? undefined,
    functionIndex: frame.index,
    offset: frame.offset,
    place: frame.location ?? undefined,
    isInlined: frame.inlined,
  });
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? '';
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}
