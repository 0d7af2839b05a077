import type { DebugProtocol } from '@vscode/debugprotocol';
import type { ProcessKey, StackFrame } from '../../runtime/inspect/protocol.ts';
import { FIRST_FRAMES } from '../held.ts';
import { isLibraryCode } from '../library-code.ts';
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
    if (isMore) await session.debuggee.held.get(process)?.explained;
    const { frames, missing } = await session.debuggee.stack(process);
    if (frames.length === 0) {
      // Without a frame, a client could not request the scopes.
      const stackFrames = start === 0 ? [emptyFrame(session, process, missing ?? 'no calls')] : [];
      return { stackFrames, totalFrames: 1 };
    }
    const end = levels === undefined ? frames.length : start + levels;
    const shown = frames.slice(start, end);
    // Clients begin at the innermost frame that is not dimmed, so there must be one.
    const isDimmed = frames.slice(0, FIRST_FRAMES).every(isLibraryCode) ? () => false : isLibraryCode;
    const stackFrames = shown.map((frame, i) =>
      stackFrame(session, process, frame, { depth: start + i, isDimmed: isDimmed(frame) }),
    );
    return { stackFrames: await Promise.all(stackFrames), totalFrames: frames.length };
  },
});

async function stackFrame(
  session: Session,
  process: ProcessKey,
  frame: StackFrame,
  { depth, isDimmed }: { readonly depth: number; readonly isDimmed: boolean },
): Promise<DebugProtocol.StackFrame> {
  const { functionName, source, line } = await session.debuggee.disassemblies.place(frame);
  return {
    id: session.ids.frame(process, depth),
    name: functionName,
    source: isDimmed ? { ...source, presentationHint: 'deemphasize', origin: 'library code' } : source,
    line: session.toClientLine(line),
    column: session.toClientColumn(0),
    moduleId: frame.module,
  };
}

function emptyFrame(session: Session, process: ProcessKey, name: string): DebugProtocol.StackFrame {
  return { id: session.ids.frame(process, 0), name, line: 0, column: 0, presentationHint: 'label' };
}
