import {
  parseExpression,
  prepareExpression,
  type Scope,
  sizeOf,
  typeText,
  valueText,
} from '../expressions/index.ts';
import { FULL_STACK_DEPTH, processStack } from '../kernel/guest-stack.ts';
import type { Probes } from '../kernel/probes.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { type KeptFrame, layoutOf } from '../wasm/index.ts';
import type { CallContext } from './call-context.ts';
import { CallScope } from './call-scope.ts';
import { InspectionError } from './inspection-error.ts';
import { ProcessCall } from './process-call.ts';
import { type BreakpointTerms, InspectError, type Requests } from './protocol.ts';
import { messageOf } from './site-breakpoint.ts';

/** What names in an expression stand for. */
export type ExpressionTerms = Pick<BreakpointTerms, 'names' | 'types'>;

/** A call of which nothing is known: the memory and the globals are. */
const NO_FRAME = { at: 0, layout: layoutOf([]) };

/** What is kept of the calls of a process that has failed and is held, the innermost first; null of one that has not. */
export function failedIn(probes: Probes | null, process: Process): readonly (KeptFrame | null)[] | null {
  const { heldExit, suspendedAt } = process;
  if (probes === null || heldExit === null || suspendedAt === null) return null;
  return probes.failed(process, processStack(suspendedAt, process, FULL_STACK_DEPTH));
}

/**
 * Evaluates an expression in a call of a process.
 * @param frame place of the call in the stack, the innermost first
 * @throws InspectionError if it cannot be evaluated
 */
export function evaluateIn(
  { probes }: Scheduler,
  process: Process,
  frame: number,
  expression: string,
  { names = {}, types = [] }: ExpressionTerms,
): Requests['process/evaluate']['result'] {
  const failed = failedIn(probes, process);
  const kept = failed === null ? probes?.of(process)?.at(-1 - frame) : (failed[frame] ?? NO_FRAME);
  if (probes === null || kept === undefined)
    throw new InspectionError(InspectError.Refused, 'the locals of this call are not known');
  const call = new ProcessCall();
  call.process = process;
  call.begin(probes.frames, kept.at);
  const scope = new CallScope(process.module.source, kept.layout, new Map(Object.entries(names)), types);
  return valueIn(call, scope, expression);
}

/**
 * The value of an expression, as clients display it.
 * @throws InspectionError if it has none
 */
export function valueIn(
  call: CallContext,
  scope: Scope<CallContext>,
  expression: string,
): Requests['process/evaluate']['result'] {
  try {
    const code = prepareExpression(parseExpression(expression), scope)(call);
    const address = code.address?.(call);
    const bytes = code.bytes ?? sizeOf(code.type);
    return {
      text: valueText(code, call),
      type: typeText(code.type),
      ...(address === undefined ? {} : { address }),
      ...(bytes === undefined ? {} : { bytes }),
    };
  } catch (error) {
    throw new InspectionError(InspectError.Refused, messageOf(error));
  }
}
