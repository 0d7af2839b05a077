import type { DebugProtocol } from '@vscode/debugprotocol';
import { completeCommand, isCommand } from '../console.ts';
import { constantsOf, namesBehind, namesIn } from '../expression-names.ts';
import type { FrameRef } from '../ids.ts';
import { request } from '../request.ts';
import type { Session } from '../session.ts';

/** A path to a variable or a part of one, and the beginning of the name of a part: `first.next[2].va`, `$su`. */
const PART = /((?:[\w$:]+|\(\*+[\w$:.]+\))(?:(?:\.|->)[\w$]+|\[[^[\]]*\])*)(?:\.|->)([\w$]*)$/;
const WORD = /[\w$]*$/;

/** Completes what is being typed into the debug console, or an expression elsewhere. */
export const completions = request({
  parse: (args) => ({
    text: args.optionalText('text') ?? '',
    column: args.integer('column'),
    line: args.optionalInteger('line'),
    frameId: args.optionalInteger('frameId'),
  }),
  async handle(session, { text, column, line, frameId }): Promise<DebugProtocol.CompletionsResponse['body']> {
    const lines = text.split('\n');
    const whole = line === undefined ? text : (lines[line - session.toClientLine(0)] ?? '');
    const typed = whole.slice(0, column - session.toClientColumn(0));
    const frame = frameId === undefined ? undefined : session.ids.frameOf(frameId);
    const commands = completeCommand(typed);
    const names = frame === undefined ? [] : await completeNames(session, frame, typed);
    return { targets: [...names, ...commands] };
  },
});

/** A text that is not closed. */
const OPEN_TEXT = /^(?:[^"]|"(?:[^"\\]|\\.)*")*"(?:[^"\\]|\\.)*$/s;
/** What follows a command of the console. */
const ARGUMENT = /^\s*\w+\s+[\w\s]*$/;
/** What is compared with, or set to, something whose name begins so: `color == GR`. */
const COMPARED = /([\w$:]+(?:(?:\.|->)[\w$]+|\[[^[\]]*\])*)\s*(?:[=!]=|(?<![<>])=)\s*\w*$/;

/** What cannot be told is not offered. */
async function completeNames(
  session: Session,
  frame: FrameRef,
  typed: string,
): Promise<DebugProtocol.CompletionItem[]> {
  if (OPEN_TEXT.test(typed) || (isCommand(typed) && ARGUMENT.test(typed))) return [];
  const [, path, part] = PART.exec(typed) ?? [];
  const begun = part ?? WORD.exec(typed)?.[0] ?? '';
  // Behind a number, a point is one of its own.
  if (/^\d/.test(path ?? begun)) return [];
  let names: readonly DebugProtocol.CompletionItem[];
  try {
    const [, compared] = (path === undefined && COMPARED.exec(typed)) || [];
    const constants = compared === undefined ? [] : await constantsOf(session, frame, compared);
    names =
      path === undefined
        ? [...constants, ...(await namesIn(session, frame))]
        : await namesBehind(session, frame, path);
  } catch {
    return [];
  }
  const start = session.toClientColumn(typed.length - begun.length);
  const fits = names.filter(({ label }) => label.toLowerCase().startsWith(begun.toLowerCase()));
  return fits.map((name) => ({ ...name, start, length: begun.length }));
}
