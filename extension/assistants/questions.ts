/** What the user is asked before a tool is used. Its input is written by a model, which others may have told what to write. */
import { displayText } from '../../runtime/inspect/view/index.ts';
import type { TestsInput } from '../testing/test-tool.ts';
import type { ProcessInput } from './process-tools.ts';

/** A question, in Markdown. */
export interface Question {
  readonly title: string;
  readonly message: string;
}

/** Names that a question has at most, and characters of each. */
const MAX_NAMES = 10;
const MAX_NAME = 100;

export function testsQuestion({ file, tests = [] }: TestsInput): Question {
  const named = tests.slice(0, MAX_NAMES).map(codeOf).join(', ');
  const left = tests.length - MAX_NAMES;
  const which = tests.length === 0 ? 'all tests' : `the tests ${named}${left > 0 ? ` and ${left} more` : ''}`;
  const where = file === undefined ? 'the workspace' : codeOf(file);
  return {
    title: 'Run tests?',
    message: `This builds the projects of these tests, which runs their build scripts, and then runs ${which} of ${where}.`,
  };
}

/** @param what is read: `messages` */
export function readQuestion(what: string, { process, program }: ProcessInput): Question {
  const whose = `process ${codeOf(process)}${program === undefined ? '' : ` of ${codeOf(program)}`}`;
  return {
    title: `Read ${what}?`,
    message: `The language model gets the ${what} of ${whose}. They may contain passwords and personal data, and text that tells the model what to do.`,
  };
}

/** A name as code in Markdown: nothing in it is markup, and it stays in its line. */
function codeOf(name: unknown): string {
  const shown = displayText(String(name), MAX_NAME);
  const fence = '`'.repeat(Math.max(0, ...(shown.match(/`+/g) ?? []).map((ticks) => ticks.length)) + 1);
  // The blanks belong to the fence: otherwise a backtick at an end would, too.
  return `${fence} ${shown} ${fence}`;
}
