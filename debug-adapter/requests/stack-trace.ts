import type { DebugProtocol } from '@vscode/debugprotocol';
import type { ProcessKey, StackFrame } from '../../runtime/inspect/protocol.ts';
import { isLibraryCode } from '../library-code.ts';
import { request } from '../request.ts';
import type { Session } from '../session.ts';
import { processOf } from './process-of.ts';

/** Frames that clients ask for at first. */
const FIRST_FRAMES = 20;

export const stackTrace = request({
  parse: (args) => ({
    threadId: args.integer('threadId'),
    start: args.optionalInteger('startFrame') ?? 0,
    // By the specification, 0 is as good as none.
    levels: args.optionalInteger('levels') || undefined,
  }),
  async handle(session, { threadId, start, levels }): Promise<DebugProtocol.StackTraceResponse['body']> {
    const process = processOf(session, threadId);
    // VS Code asks for one frame first, and for more from the first one on where the answer takes more than 50 ms. It keeps
    // the last answer, and shows the reason of a trap only beside a frame that it keeps: more must not come before.
    const isMore = session.isVSCode && start === 0 && levels !== 1;
    if (isMore) await session.debuggee.held.get(process)?.explained;
    const { frames, missing } = await session.debuggee.stack(process);
    if (frames.length === 0) {
      // Without a frame a client would have no place for the scopes.
      const stackFrames = start === 0 ? [emptyFrame(session, process, missing ?? 'no calls')] : [];
      return { stackFrames, totalFrames: 1 };
    }
    const end = levels === undefined ? frames.length : start + levels;
    const shown = frames.slice(start, end);
    // A client begins at the innermost frame that is somebody's own. It needs one.
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
