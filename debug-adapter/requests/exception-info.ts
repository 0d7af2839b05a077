import type { DebugProtocol } from '@vscode/debugprotocol';
import type { ProcessEnd, StackFrame } from '../../runtime/inspect/protocol.ts';
import { countOf, endText, isFailure } from '../../runtime/inspect/view/index.ts';
import { AdapterError, ErrorId } from '../errors.ts';
import { isNullCall } from '../null-call.ts';
import { request } from '../request.ts';
import type { Session } from '../session.ts';
import { processOf } from './process-of.ts';

/** Tells why a process has failed, or what has happened to it, with its stack as a text. */
export const exceptionInfo = request({
  parse: (args) => args.integer('threadId'),
  async handle(session, threadId): Promise<DebugProtocol.ExceptionInfoResponse['body']> {
    const { debuggee } = session;
    const process = processOf(session, threadId);
    const held = debuggee.stops.held.get(process);
    if (held === undefined || (held.why !== 'failure' && held.event === undefined)) {
      throw new AdapterError(ErrorId.Refused, 'The process of this thread has not failed');
    }
    const { frames } = await held.stack;
    const stackTrace = await stackText(session, frames);
    const end = held.explain();
    const { event } = held;
    const hasFailed = end !== undefined && isFailure(end);
    const named = hasFailed ? undefined : debuggee.eventFilters.nameOf(held.filters);
    const typeName = named ?? kindOf(end, frames);
    const reason = hasFailed || event === undefined ? reasonOf(end) : event;
    const [innermost] = frames;
    const isNull = innermost !== undefined && (await isNullCall(debuggee, process, reason, innermost));
    const message = isNull ? `${reason}: the function pointer is NULL` : reason;
    return {
      exceptionId: typeName,
      description: message,
      breakMode: named === undefined ? 'unhandled' : 'always',
      details: { message, typeName, stackTrace: session.isVSCode ? withoutLinks(stackTrace) : stackTrace },
    };
  },
});

/** The calls, with their places in the source or else in the module. Those of libraries around the author's own are only counted. */
async function stackText({ debuggee }: Session, frames: readonly StackFrame[]): Promise<string> {
  const { calls, disassemblies } = debuggee;
  const all = await calls.of(frames);
  const foreign = await Promise.all(all.map((call, i) => calls.isForeign(call, all[i - 1])));
  const areAllForeign = foreign.every((isForeign) => isForeign);
  const lines: string[] = [];
  let left = 0;
  const tellLeft = () => {
    if (left > 0) lines.push(`(${countOf(left, 'call')} of libraries)`);
    left = 0;
  };
  for (const [i, call] of all.entries()) {
    if (foreign[i] === true && !areAllForeign) {
      left++;
      continue;
    }
    tellLeft();
    const source = await calls.sourceOf(call);
    const { place } = call.symbol ?? {};
    const described =
      source === null || place == null
        ? await disassemblies.describe(call.frame)
        : `${await calls.nameOf(call)} (${source.name}:${place.line}${place.column > 0 ? `:${place.column}` : ''})`;
    lines.push(`at ${described}`);
  }
  tellLeft();
  return lines.join('\n');
}

/** The functions that Rust calls last in every panic. */
const PANIC = /^(?:rust_panic$|std::panicking::)/;

function kindOf(end: ProcessEnd | undefined, frames: readonly StackFrame[]): string {
  if (end?.kind === 'exited') return 'failed exit';
  const isPanicked = (end !== undefined && 'panic' in end) || PANIC.test(frames[0]?.functionName ?? '');
  return isPanicked ? 'panic' : 'trap';
}

/** What the program has printed as the reason, or else how it has failed. */
function reasonOf(end: ProcessEnd | undefined): string {
  if (end === undefined) return 'The process has failed';
  if (end.kind === 'trapped') return end.panic ?? end.message;
  return endText(end);
}

/** What makes VS Code take a function's name for a path or an address: `~lib/rt/itcms/__new`, `app::data::read`. */
const LIKE_LINKS = /\/|data(?=:)|www(?=\.)/g;
/** A word joiner has no width, and no line is broken there. */
const JOINER = '\u2060';

/** Changes a text so that VS Code finds no links in it: those in names of functions lead nowhere. */
function withoutLinks(text: string): string {
  return text.replace(LIKE_LINKS, `$&${JOINER}`);
}
