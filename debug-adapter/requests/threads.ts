import type { DebugProtocol } from '@vscode/debugprotocol';
import { nothing, request } from '../request.ts';

export const threads = request({
  parse: nothing,
  handle: ({ debuggee }): DebugProtocol.ThreadsResponse['body'] => ({ threads: debuggee.threads.list() }),
});
