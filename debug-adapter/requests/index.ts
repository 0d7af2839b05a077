import type { Request } from '../request.ts';
import { attach } from './attach.ts';
import { breakpointLocations } from './breakpoint-locations.ts';
import { cancel } from './cancel.ts';
import { completions } from './completions.ts';
import { configurationDone } from './configuration-done.ts';
import { continueRequest } from './continue.ts';
import { dataBreakpointInfo } from './data-breakpoint-info.ts';
import { disassemble } from './disassemble.ts';
import { disconnect } from './disconnect.ts';
import { evaluate } from './evaluate.ts';
import { exceptionInfo } from './exception-info.ts';
import { initialize } from './initialize.ts';
import { inspectionRequests } from './inspection.ts';
import { launch, restart } from './launch.ts';
import { loadedSources } from './loaded-sources.ts';
import { modules } from './modules.ts';
import { pause } from './pause.ts';
import { place } from './place.ts';
import { readMemory } from './read-memory.ts';
import { restartFrame } from './restart-frame.ts';
import { saveCoreDump } from './save-core-dump.ts';
import { scopes } from './scopes.ts';
import { setBreakpoints } from './set-breakpoints.ts';
import { setDataBreakpoints } from './set-data-breakpoints.ts';
import { setExceptionBreakpoints } from './set-exception-breakpoints.ts';
import { setExpression } from './set-expression.ts';
import { setFunctionBreakpoints } from './set-function-breakpoints.ts';
import { setInstructionBreakpoints } from './set-instruction-breakpoints.ts';
import { setVariable } from './set-variable.ts';
import { source } from './source.ts';
import { stackTrace } from './stack-trace.ts';
import { next, stepIn, stepInTargets, stepOut } from './step.ts';
import { terminate } from './terminate.ts';
import { terminateThreads } from './terminate-threads.ts';
import { thread, threadProcess } from './thread.ts';
import { threads } from './threads.ts';
import { variables } from './variables.ts';
import { writeMemory } from './write-memory.ts';

/** The handlers of requests, by their names in the protocol. */
export const requests: ReadonlyMap<string, Request> = new Map(
  Object.entries({
    initialize,
    launch,
    attach,
    restart,
    cancel,
    configurationDone,
    disconnect,
    terminate,
    setBreakpoints,
    breakpointLocations,
    setFunctionBreakpoints,
    setInstructionBreakpoints,
    dataBreakpointInfo,
    setDataBreakpoints,
    setExceptionBreakpoints,
    threads,
    pause,
    continue: continueRequest,
    next,
    stepIn,
    stepOut,
    stepInTargets,
    restartFrame,
    terminateThreads,
    stackTrace,
    source,
    scopes,
    variables,
    setVariable,
    setExpression,
    readMemory,
    writeMemory,
    disassemble,
    modules,
    loadedSources,
    completions,
    exceptionInfo,
    evaluate,
    'lunatic/thread': thread,
    'lunatic/processOf': threadProcess,
    'lunatic/source': place,
    'lunatic/saveCoreDump': saveCoreDump,
    ...inspectionRequests,
  }),
);
