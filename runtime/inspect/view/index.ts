/**
 * What every client of the inspection protocol shows of processes: the model of a program's processes, and the words for
 * it. Debug adapter, extension, command line and web pages use the same; nothing here needs Node.
 */

export { placeText } from '../../symbols/stack-frame.ts';
export { displayName, displayText } from '../../text/display-name.ts';
export { escapedJson, jsonText } from '../../text/json-text.ts';
export { printable, printableLines } from '../../text/printable.ts';
export { bytesOf, countOf, durationOf, grouped } from '../../text/quantities.ts';
export { type ConfigRow, configRows } from './config-text.ts';
export { dataOf, hexOf, textOf } from './message-data.ts';
export { mailboxText, messageLine } from './message-text.ts';
export { type Branch, branchesOf } from './process-branches.ts';
export {
  MAX_ENDED,
  MAX_KEPT,
  type ModelChanges,
  ProcessModel,
} from './process-model.ts';
export {
  endedName,
  endText,
  isFailure,
  type NamedProcess,
  type ProcessSnapshot,
  plainName,
  processActivity,
  processLine,
  processName,
  processRows,
  threadName,
} from './process-text.ts';
export { type StackText, stackText } from './stack-text.ts';
export type { ViewedProcess, ViewedState } from './viewed-process.ts';
