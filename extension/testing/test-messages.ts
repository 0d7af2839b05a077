/** Failures of tests in words. */
import type { EventFailure, EventFrame, EventProcess } from './test-events.ts';

/** What is said about a failure: its message, and of a test that did not end what its processes were at. */
export function failureText({ message, processes }: EventFailure): string {
  return [message, ...processes.flatMap(processLines)].join('\n');
}

/** Frames of a stack that a list of processes shows of each. */
const MAX_FRAMES = 5;

function processLines({ id, names, activity, messages, stack }: EventProcess): string[] {
  const name = names.length === 0 ? `process ${id}` : `process ${id} (${names.join(', ')})`;
  const mail =
    messages === 0 ? '' : `, ${messages} ${messages === 1 ? 'message' : 'messages'} in its mailbox`;
  const frames = stack.slice(0, MAX_FRAMES).map((frame) => `    at ${frameLabel(frame)}`);
  const more = stack.length > MAX_FRAMES ? ['    ...'] : [];
  return [`${name} ${activity}${mail}`, ...frames, ...more];
}

/** `divide (function 3, offset 0x20e)` */
export function frameLabel({ function: name, index, offset }: EventFrame): string {
  const place = `function ${index}, offset 0x${offset.toString(16)}`;
  return name === null ? place : `${name} (${place})`;
}

/** As a terminal wants its lines. */
export function terminalText(text: string): string {
  return text.replace(/\r?\n/g, '\r\n');
}
