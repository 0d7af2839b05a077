import { type ColorChoice, type Paint, paintFor, wantsColors } from './colors.ts';
import { isTerminal } from './terminal.ts';

/** How stacks are printed. */
export interface StackStyle {
  /** Whether the line of the source is printed, too. */
  readonly showsLine: boolean;
  readonly paint: Paint;
}

/** The style for a descriptor: lines of the source are for people, and not for files of logs. */
export function stackStyle(fd: number, color: ColorChoice | undefined): StackStyle {
  const colors = wantsColors(fd, color);
  return { showsLine: isTerminal(fd) || colors, paint: paintFor(colors) };
}
