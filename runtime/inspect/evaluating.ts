import { parseExpression, prepareExpression, sizeOf, typeText, valueText } from '../expressions/index.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { CallContext } from './call-context.ts';
import { CallScope } from './call-scope.ts';
import { InspectionError } from './inspection-error.ts';
import { type BreakpointTerms, InspectError, type Requests } from './protocol.ts';
import { messageOf } from './site-breakpoint.ts';

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
  { names = {}, types = [] }: Pick<BreakpointTerms, 'names' | 'types'>,
): Requests['process/evaluate']['result'] {
  const kept = probes?.of(process)?.at(-1 - frame);
  if (probes === null || kept === undefined)
    throw new InspectionError(InspectError.Refused, 'the locals of this call are not known');
  const context = new CallContext();
  context.begin(process, probes.frames, kept.at);
  try {
    const scope = new CallScope(process.module.source, kept.layout, new Map(Object.entries(names)), types);
    const code = prepareExpression(parseExpression(expression), scope)(context);
    const address = code.address?.(context);
    const bytes = code.bytes ?? sizeOf(code.type);
    return {
      text: valueText(code, context),
      type: typeText(code.type),
      ...(address === undefined ? {} : { address }),
      ...(bytes === undefined ? {} : { bytes }),
    };
  } catch (error) {
    throw new InspectionError(InspectError.Refused, messageOf(error));
  }
}
