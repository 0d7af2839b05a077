import { printable } from '../runtime/inspect/view/index.ts';

/** Requests whose answers have names and texts of a program, of its debug information or of its files. */
const ANSWERS: ReadonlySet<string> = new Set([
  'completions',
  'dataBreakpointInfo',
  'disassemble',
  'evaluate',
  'loadedSources',
  'modules',
  'scopes',
  'setExpression',
  'setVariable',
  'variables',
]);

/** Members that a client displays, and what makes each fit for that. Others are only passed on, as paths and expressions are. */
const DISPLAYED: ReadonlyMap<string, (text: string) => string> = new Map([
  ...['name', 'type', 'label', 'symbol', 'instruction', 'value'].map(
    (member) => [member, printable] as const,
  ),
  ...['result', 'description', 'detail'].map((member) => [member, lines] as const),
]);

/**
 * Makes an answer fit to be displayed: clients obey escape sequences in their consoles, and nobody sees which way a text is written.
 * @param body is changed
 */
export function displayAnswer(command: string, body: unknown): void {
  if (ANSWERS.has(command)) display(body);
}

/** The same for an event. What the program prints is what it is. @param body is changed */
export function displayEvent(event: string, body: unknown): void {
  if (!isObject(body)) return;
  if (event === 'output' && body['category'] !== 'stdout' && body['category'] !== 'stderr')
    change(body, 'output', lines);
  if (event === 'stopped') for (const member of ['text', 'description']) change(body, member, lines);
  if (event === 'breakpoint' && isObject(body['breakpoint'])) change(body['breakpoint'], 'message', lines);
}

/** What has several lines, and tabs in them. */
export function lines(text: string): string {
  return text.replace(/[^\t\n]+/g, printable);
}

function display(value: unknown): void {
  if (Array.isArray(value)) {
    for (const item of value) display(item);
  } else if (isObject(value)) {
    for (const [member, part] of Object.entries(value)) {
      const displayed = DISPLAYED.get(member);
      if (displayed === undefined) display(part);
      else change(value, member, displayed);
    }
  }
}

function change(object: Record<string, unknown>, member: string, displayed: (text: string) => string): void {
  const text = object[member];
  if (typeof text === 'string') object[member] = displayed(text);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
