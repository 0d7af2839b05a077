import type { DebugProtocol } from '@vscode/debugprotocol';
import { endText } from '../../runtime/inspect/view/index.ts';
import { AdapterError, ErrorId } from '../errors.ts';
import { isPanic } from '../library-code.ts';
import { request } from '../request.ts';
import { processOf } from './process-of.ts';

/** Why a process has trapped, with its stack as a text. */
export const exceptionInfo = request({
  parse: (args) => args.integer('threadId'),
  async handle(session, threadId): Promise<DebugProtocol.ExceptionInfoResponse['body']> {
    const { debuggee } = session;
    const process = processOf(session, threadId);
    const held = debuggee.held.get(process);
    if (held?.why !== 'failure') {
      throw new AdapterError(ErrorId.Refused, `The process ${process} has not trapped`);
    }
    const { frames } = await held.stack;
    const calls = await Promise.all(frames.map((frame) => debuggee.disassemblies.describe(frame)));
    const kind = isPanic(frames) ? 'panic' : 'trap';
    const end = held.explain();
    const reason = end === undefined ? 'It has failed' : 'message' in end ? end.message : endText(end);
    // Only the program itself knows, and has printed it.
    const message = kind === 'panic' ? `${reason}: the console shows the message of the panic` : reason;
    return {
      exceptionId: kind,
      description: message,
      breakMode: 'unhandled',
      details: { message, typeName: kind, stackTrace: calls.map((call) => `at ${call}`).join('\n') },
    };
  },
});
