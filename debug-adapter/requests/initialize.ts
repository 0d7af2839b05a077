import type { DebugProtocol } from '@vscode/debugprotocol';
import { nothing, request } from '../request.ts';

/** The filters that hold processes which trap, and those which end with an exit code other than 0. */
export const ExceptionFilter = { Traps: 'traps', FailedExits: 'failed-exits' } as const;

const CAPABILITIES: DebugProtocol.Capabilities = {
  supportsConfigurationDoneRequest: true,
  supportsSingleThreadExecutionRequests: true,
  supportsTerminateThreadsRequest: true,
  supportsTerminateRequest: true,
  supportTerminateDebuggee: true,
  supportsExceptionInfoRequest: true,
  supportsReadMemoryRequest: true,
  supportsSetVariable: true,
  supportsSetExpression: true,
  supportsEvaluateForHovers: true,
  supportsDelayedStackTraceLoading: true,
  supportsBreakpointLocationsRequest: true,
  supportsFunctionBreakpoints: true,
  supportsConditionalBreakpoints: true,
  supportsHitConditionalBreakpoints: true,
  supportsLogPoints: true,
  supportsDataBreakpoints: true,
  supportsDataBreakpointBytes: true,
  supportsInstructionBreakpoints: true,
  supportsSteppingGranularity: true,
  supportsDisassembleRequest: true,
  supportsModulesRequest: true,
  supportsLoadedSourcesRequest: true,
  supportsCompletionsRequest: true,
  exceptionBreakpointFilters: [
    {
      filter: ExceptionFilter.Traps,
      label: 'Traps',
      description: 'Hold a process that traps or panics, so that its stack and mailbox can be looked at',
      default: true,
    },
    {
      filter: ExceptionFilter.FailedExits,
      label: 'Failed Exits',
      description:
        'Hold a process that ends with an exit code other than 0, as AssemblyScript programs do that throw an error',
      default: true,
    },
  ],
};

export const initialize = request({ states: ['idle'], parse: nothing, handle: () => CAPABILITIES });
