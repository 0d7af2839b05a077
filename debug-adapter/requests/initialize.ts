import type { DebugProtocol } from '@vscode/debugprotocol';
import { nothing, request } from '../request.ts';

/** The filters that hold processes which trap, those which end with an exit code other than 0, and new ones. */
export const ExceptionFilter = { Traps: 'traps', FailedExits: 'failed-exits', Spawns: 'spawns' } as const;

/** How a filter holds only some processes. */
const CONDITION = {
  supportsCondition: true,
  conditionDescription: "Which processes: 'entry worker', 'name db', 'id 5', 'under 5'",
};

const CAPABILITIES: DebugProtocol.Capabilities = {
  supportsConfigurationDoneRequest: true,
  supportsSingleThreadExecutionRequests: true,
  supportsTerminateThreadsRequest: true,
  supportsTerminateRequest: true,
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
  supportsDisassembleRequest: true,
  supportsModulesRequest: true,
  supportsLoadedSourcesRequest: true,
  supportsCompletionsRequest: true,
  supportsExceptionFilterOptions: true,
  exceptionBreakpointFilters: [
    {
      filter: ExceptionFilter.Traps,
      label: 'Traps',
      description: 'Hold a process that traps or panics, so that its stack and mailbox can be looked at',
      default: true,
      ...CONDITION,
    },
    {
      filter: ExceptionFilter.FailedExits,
      label: 'Failed Exits',
      description:
        'Hold a process that ends with an exit code other than 0, as AssemblyScript programs do that throw an error',
      default: true,
      ...CONDITION,
    },
    {
      filter: ExceptionFilter.Spawns,
      label: 'New Processes',
      description: 'Stop a process that is spawned before its first instruction',
      default: false,
      ...CONDITION,
    },
  ],
};

export const initialize = request({ states: ['idle'], parse: nothing, handle: () => CAPABILITIES });
