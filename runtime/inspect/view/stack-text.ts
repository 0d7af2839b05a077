import { formatFrame } from '../../symbols/stack-frame.ts';
import type { Stack, StackFrame } from '../protocol.ts';
import { endText, processActivity, processName } from './process-text.ts';
import type { ViewedProcess } from './viewed-process.ts';

/** A page of text, and the frame that each of its lines displays. */
export interface StackText {
  readonly text: string;
  /** The number of the line, from 0, its length in characters, and what it displays. */
  readonly frames: readonly { readonly line: number; readonly length: number; readonly frame: StackFrame }[];
}

/** The stack of a process, as a page of text. */
export function stackText(process: ViewedProcess, { frames, missing }: Stack): StackText {
  const { end } = process;
  const lines = [`Stack of ${processName(process)}: ${processActivity(process)}`, ''];
  const reason = end === undefined ? [] : endText(end).split('\n');
  // The first line stands in the head already.
  if (reason.length > 1) lines.push(...reason.slice(1), '');
  const placed = [];
  for (const frame of frames) {
    const text = formatFrame(frame);
    placed.push({ line: lines.length, length: text.length, frame });
    lines.push(text);
  }
  if (frames.length === 0) lines.push(missing ?? 'It has no stack.');
  return { text: `${lines.join('\n')}\n`, frames: placed };
}
