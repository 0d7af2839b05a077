import type { DebugProtocol } from '@vscode/debugprotocol';
import { nothing, request } from '../request.ts';

/** The filter that holds processes which trap. */
export const TRAPS_FILTER = 'traps';

const CAPABILITIES: DebugProtocol.Capabilities = {
  supportsConfigurationDoneRequest: true,
  supportsSingleThreadExecutionRequests: true,
  supportsTerminateThreadsRequest: true,
  supportsTerminateRequest: true,
  supportTerminateDebuggee: true,
  supportsExceptionInfoRequest: true,
  supportsReadMemoryRequest: true,
  supportsDelayedStackTraceLoading: true,
  exceptionBreakpointFilters: [
    {
      filter: TRAPS_FILTER,
      label: 'Traps',
      description: 'Hold a process that traps or panics, so that its stack and mailbox can be looked at',
      default: true,
    },
  ],
};

export const initialize = request({ parse: nothing, handle: () => CAPABILITIES });
