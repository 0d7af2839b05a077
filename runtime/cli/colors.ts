import { isTerminal } from './terminal.ts';

/** What `--color` takes. */
export const COLOR_CHOICES = ['auto', 'always', 'never'] as const;
export type ColorChoice = (typeof COLOR_CHOICES)[number];

/** Looks of a text, by names that `util.styleText` knows. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan';

/** Colours a text where colours are wanted. */
export type Paint = (style: Style | Style[], text: string) => string;

/**
 * Whether to use colours on a descriptor. `--color` decides; then `FORCE_COLOR`, then `NO_COLOR` and what else Node
 * knows of terminals without colours (`TERM=dumb`, `NODE_DISABLE_COLORS`). What is no terminal gets none.
 */
export function wantsColors(
  fd: number,
  choice: ColorChoice = 'auto',
  environment: NodeJS.ProcessEnv = process.env,
): boolean {
  if (choice !== 'auto') return choice === 'always';
  const { FORCE_COLOR, NO_COLOR, ...others } = environment;
  const forced = FORCE_COLOR !== undefined;
  if (!forced && ((NO_COLOR ?? '') !== '' || !isTerminal(fd))) return false;
  const { WriteStream } = process.getBuiltinModule('node:tty');
  // It warns where it finds both variables. It needs no stream to tell.
  return WriteStream.prototype.getColorDepth(forced ? { FORCE_COLOR, ...others } : others) > 1;
}

/** Makes the function that a command colours its output with. */
export function paintFor(colors: boolean): Paint {
  if (!colors) return (_, text) => text;
  const { styleText } = process.getBuiltinModule('node:util');
  return (style, text) => styleText(style, text, { validateStream: false });
}
