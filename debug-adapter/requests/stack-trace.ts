import type { DebugProtocol } from '@vscode/debugprotocol';
import type { ProcessKey } from '../../runtime/inspect/protocol.ts';
import { referenceOf } from '../breakpoint-info.ts';
import type { Call } from '../calls.ts';
import { FIRST_FRAMES } from '../held.ts';
import { request } from '../request.ts';
import type { Session } from '../session.ts';
import { processOf } from './process-of.ts';

export const stackTrace = request({
  parse: (args) => ({
    threadId: args.integer('threadId'),
    start: args.optionalInteger('startFrame') ?? 0,
    // By the specification, 0 means all.
    levels: args.optionalInteger('levels') || undefined,
  }),
  async handle(session, { threadId, start, levels }): Promise<DebugProtocol.StackTraceResponse['body']> {
    const process = processOf(session, threadId);
    // VS Code requests one frame first, and more frames, with the first one again, if the response takes more than 50 ms. It
    // keeps the last response, and shows the reason of a failure only beside a frame that it keeps. So the response with more
    // frames must not come before the reason.
    const isMore = session.isVSCode && start === 0 && levels !== 1;
    if (isMore) await session.debuggee.stops.held.get(process)?.explained;
    const { frames, outer, missing } = await session.debuggee.stops.stack(process);
    if (frames.length === 0) {
      // Without a frame, a client could not request the scopes.
      const stackFrames = start === 0 ? [emptyFrame(session, process, missing ?? 'no calls')] : [];
      return { stackFrames, totalFrames: 1 };
    }
    const { calls } = session.debuggee;
    const all = await calls.of(frames);
    const shown = all.slice(start, levels === undefined ? all.length : start + levels);
    // Clients begin at the innermost frame that is not dimmed, so there must be one.
    const first = await Promise.all(
      all.slice(0, FIRST_FRAMES).map((call, i) => calls.isForeign(call, all[i - 1])),
    );
    const dims = first.includes(false);
    const outermost = await calls.outermost(all);
    const stackFrames = shown.map((call, i) =>
      stackFrame(session, process, call, {
        dims,
        canRestart: start + i >= outermost,
        inner: all[start + i - 1],
      }),
    );
    const found = await Promise.all(stackFrames);
    if (outer === undefined) return { stackFrames: found, totalFrames: all.length };
    if (start + found.length === all.length && found.length !== levels)
      found.push(emptyFrame(session, process, `${outer} more calls`));
    return { stackFrames: found, totalFrames: all.length + 1 };
  },
});

async function stackFrame(
  session: Session,
  process: ProcessKey,
  call: Call,
  { dims, canRestart, inner }: Readonly<{ dims: boolean; canRestart: boolean; inner: Call | undefined }>,
): Promise<DebugProtocol.StackFrame> {
  const { calls } = session.debuggee;
  const { functionName, source, line, column } = await calls.locate(call);
  const isDimmed = dims && (await calls.isForeign(call, inner));
  return {
    id: session.ids.frame(process, call.depth, call.inlined),
    name: functionName,
    source: isDimmed ? { ...source, presentationHint: 'deemphasize', origin: 'library code' } : source,
    line: session.toClientLine(line),
    column: session.toClientColumn(column),
    moduleId: call.frame.module,
    instructionPointerReference: referenceOf(call.frame.module, call.frame.offset),
    // The others can be, unless that is said.
    ...(canRestart ? {} : { canRestart }),
  };
}

function emptyFrame(session: Session, process: ProcessKey, name: string): DebugProtocol.StackFrame {
  return { id: session.ids.frame(process, 0), name, line: 0, column: 0, presentationHint: 'label' };
}
