import type { DebugProtocol } from '@vscode/debugprotocol';
import { EXCEPTION_FILTERS } from '../event-kinds.ts';
import { nothing, request } from '../request.ts';

const CAPABILITIES: DebugProtocol.Capabilities = {
  supportsConfigurationDoneRequest: true,
  supportsSingleThreadExecutionRequests: true,
  supportsTerminateThreadsRequest: true,
  supportsTerminateRequest: true,
  supportsCancelRequest: true,
  supportsRestartFrame: true,
  supportTerminateDebuggee: true,
  supportsExceptionInfoRequest: true,
  supportsReadMemoryRequest: true,
  supportsWriteMemoryRequest: true,
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
  supportsStepInTargetsRequest: true,
  supportsDisassembleRequest: true,
  supportsModulesRequest: true,
  supportsLoadedSourcesRequest: true,
  supportsCompletionsRequest: true,
  supportsExceptionFilterOptions: true,
  exceptionBreakpointFilters: EXCEPTION_FILTERS,
};

export const initialize = request({ states: ['idle'], parse: nothing, handle: () => CAPABILITIES });
