/**
 * The test report protocol: what `lunatic test --reporter=json` writes, one JSON object a line, and what editors and other
 * programs read. docs/testing.md tells the same in words; a test compares the two.
 *
 *     report                                          once, before anything else
 *     discovered (ignored | started | finished)* summary     for each file, unless
 *     [discovered ...] error                                 its tests cannot be run, or not to the end
 *
 * Runner, reporters and readers use the types of this file. A reader refuses fields that are unknown or missing: whoever
 * adds one raises `REPORT_VERSION`.
 */

import * as v from 'valibot';
import { jsonText } from '../text/json-text.ts';

/** The version that this runtime writes and reads. */
export const REPORT_VERSION = 2;

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
/** Milliseconds. */
const Duration = v.pipe(v.number(), v.minValue(0));
const Text = v.string();
const TextOrNull = v.nullable(Text);
const listOf = <const Item extends v.GenericSchema>(item: Item) => v.pipe(v.array(item), v.readonly());

const Location = v.strictObject({
  /** As the guest's compiler named it, often relative to a folder that only the compiler knew. */
  file: Text,
  /** Lines and columns count from 1. */
  line: Count,
  column: Count,
});

const Frame = v.strictObject({
  /** Demangled name; null where the module has none. */
  function: TextOrNull,
  /** Index of the function in the module as its author built it. */
  index: Count,
  /** Byte offset in the module as its author built it. */
  offset: Count,
  /** Where it is in the source; null where the module does not tell. */
  location: v.nullable(Location),
  /** Whether the compiler has put the call's code into that of the next frame, whose index and offset it has. */
  inlined: v.boolean(),
});

const Process = v.strictObject({
  id: Count,
  /** Some of the names under which it is registered, made fit for people. */
  names: listOf(Text),
  /** In words that follow its name: `waits for a message`. */
  activity: Text,
  /** Messages in its mailbox. */
  messages: Count,
  /** Where it is suspended, innermost call first. Empty where that is unknown. */
  stack: listOf(Frame),
});

const Failure = v.strictObject({
  /**
   *  - `timeout`: the test was given up
   *  - `ended`: it ended normally, but should have failed
   *  - `other-panic`: it failed, but not with the message that it should have failed with
   *  - `failed`: it failed, but should not have
   *  - `reported`: it reported the failure itself
   */
  reason: v.picklist(['timeout', 'ended', 'other-panic', 'failed', 'reported']),
  /** For people, perhaps of several lines. */
  message: Text,
  /** What there should have been, and what there was; null where nothing was compared. */
  expected: TextOrNull,
  actual: TextOrNull,
  /** Where the guest says that it happened, or else where its author's code was; null where neither is known. */
  location: v.nullable(Location),
  /** Where it happened in the module, innermost call first. */
  stack: listOf(Frame),
  /** With `timeout`: what the processes of the test were doing. Otherwise empty. */
  processes: listOf(Process),
});

const Test = v.strictObject({
  /** What filters and lists know it by: `crate::module::function`. */
  name: Text,
  /** The export that runs it. */
  export: Text,
  ignored: v.boolean(),
  /** Whether it will run, or is only listed as ignored. */
  runs: v.boolean(),
  /** The test must fail, with a panic that contains this; empty: in any way. Null: it must not fail. */
  expectedPanic: TextOrNull,
});

/** The file whose tests the event is about, as the command line names it. */
const file = Text;

const EVENTS = {
  report: v.strictObject({ event: v.literal('report'), version: v.literal(REPORT_VERSION) }),
  discovered: v.strictObject({
    event: v.literal('discovered'),
    file,
    /** The selected tests, in the order of the module's exports. */
    tests: listOf(Test),
    /** Number of tests that are not selected. */
    filteredOut: Count,
  }),
  started: v.strictObject({ event: v.literal('started'), file, name: Text, export: Text }),
  ignored: v.strictObject({ event: v.literal('ignored'), file, name: Text, export: Text }),
  finished: v.strictObject({
    event: v.literal('finished'),
    file,
    name: Text,
    export: Text,
    /** What the test is called for people: its name, unless it has given itself another one. */
    title: Text,
    /** Cancelled: the run was given up before the test had ended. */
    outcome: v.picklist(['passed', 'failed', 'cancelled']),
    /** Whether it had to fail to pass. */
    shouldFail: v.boolean(),
    duration: Duration,
    /** What is wrong, in the order of reporting; what ended the test comes last. At least one where the test failed. */
    failures: listOf(Failure),
    /** What its processes printed, and notes about its failures. */
    output: Text,
  }),
  summary: v.strictObject({
    event: v.literal('summary'),
    file,
    passed: Count,
    failed: Count,
    ignored: Count,
    /** Given up, or not even started, since the run was cancelled. */
    cancelled: Count,
    filteredOut: Count,
    duration: Duration,
  }),
  error: v.strictObject({
    event: v.literal('error'),
    file,
    /** Why the tests of the file could not be run, or not to the end. */
    message: Text,
  }),
};

/** The schemas of everything in a report, by name: what the documents are checked against. */
export const REPORT_SCHEMAS = {
  ...EVENTS,
  test: Test,
  failure: Failure,
  location: Location,
  process: Process,
  frame: Frame,
} as const;

const ReportEventSchema = v.variant('event', [
  EVENTS.report,
  EVENTS.discovered,
  EVENTS.started,
  EVENTS.ignored,
  EVENTS.finished,
  EVENTS.summary,
  EVENTS.error,
]);

/** One line of a report. */
export type ReportEvent = v.InferOutput<typeof ReportEventSchema>;
/** The event of a name. */
export type ReportEventOf<Name extends ReportEvent['event']> = Extract<ReportEvent, { readonly event: Name }>;
/** One thing that is wrong with a test. */
export type TestFailure = v.InferOutput<typeof Failure>;
/** Why a test failed. */
export type FailureReason = TestFailure['reason'];
/** A location in a source file, as the guest's compiler named it. */
export type SourceLocation = v.InferOutput<typeof Location>;
/** One call on the stack of a process. */
export type ReportFrame = v.InferOutput<typeof Frame>;
/** What a process of a test that did not end in time was doing. */
export type ReportProcess = v.InferOutput<typeof Process>;

/** A line is not what the protocol wants there, or is of another version. */
export class TestReportError extends Error {
  override readonly name = 'TestReportError';
  readonly code = 'LUNATIC_TEST_REPORT';
}

/** How every line of a report begins. What plugins print on the same stream does not. */
const BEGINNING = '{"event":';

/** The line of an event, with its end. Event and file come first, for people who read it. */
export function reportLine(event: ReportEvent): string {
  const head = 'file' in event ? { event: event.event, file: event.file } : { event: event.event };
  return `${jsonText({ ...head, ...event })}\n`;
}

/** Reads a report line by line. */
export class TestReportReader {
  #begun = false;

  /** Whether a line is part of the report, well formed or not; everything else on the stream is not. */
  static isReport(line: string): boolean {
    return line.startsWith(BEGINNING);
  }

  /**
   * The event of a line. The first one must be `report`.
   * @throws TestReportError
   */
  read(line: string): ReportEvent {
    const value = parsed(line);
    if (!this.#begun) checkVersion(value);
    const { success, output, issues } = v.safeParse(ReportEventSchema, value, { abortEarly: true });
    if (!success) throw new TestReportError(`The test report is malformed: ${describe(issues[0])}`);
    this.#begun = true;
    return output;
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new TestReportError('The test report is malformed: a line is not JSON', { cause });
  }
}

/** Another version may differ in everything but its first event. */
function checkVersion(value: unknown): void {
  const head = v.safeParse(v.object({ event: v.literal('report'), version: v.number() }), value);
  if (!head.success) throw new TestReportError('The test report does not begin with its version');
  const { version } = head.output;
  if (version === REPORT_VERSION) return;
  throw new TestReportError(
    `The test report is of version ${version}, and version ${REPORT_VERSION} is read here: use the runtime that comes with this program`,
  );
}

function describe(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  return path === null ? issue.message : `${path}: ${issue.message}`;
}
