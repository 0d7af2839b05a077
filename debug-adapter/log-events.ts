import { OutputEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Notifications } from '../runtime/inspect/protocol.ts';
import { countOf, printableLines, processName } from '../runtime/inspect/view/index.ts';
import type { ClientCounts } from './breakpoint-info.ts';
import type { Breakpoints } from './breakpoints.ts';

/** What log points have printed, each line with its process and the place of its breakpoint. */
export function logEvents(
  { lines, leftOut }: Notifications['logged'],
  breakpoints: Breakpoints,
  counts: ClientCounts,
): DebugProtocol.OutputEvent[] {
  const events = lines.map(({ id, process, text }): DebugProtocol.OutputEvent => {
    const event: DebugProtocol.OutputEvent = new OutputEvent(
      `${processName(process)}: ${printableLines(text)}\n`,
      'console',
    );
    const target = id === undefined ? undefined : breakpoints.withId(id)?.target;
    if (target?.kind !== 'line') return event;
    Object.assign(event.body, {
      source: { path: target.path },
      line: counts.toClientLine(target.line - 1),
    });
    return event;
  });
  if (leftOut > 0) {
    const text = `Log points have printed too much: ${countOf(leftOut, 'line')} ${leftOut === 1 ? 'is' : 'are'} left out.\n`;
    events.push(new OutputEvent(text, 'console'));
  }
  return events;
}
