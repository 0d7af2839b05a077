import { isTerminal } from './terminal.ts';

/** What `--color` takes. */
export const COLOR_CHOICES = ['auto', 'always', 'never'] as const;
export type ColorChoice = (typeof COLOR_CHOICES)[number];

/** Styles of text, by the names that `util.styleText` knows. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan';

/** Applies a style to a text if colours are wanted. */
export type Paint = (style: Style | Style[], text: string) => string;

/**
 * Whether to use colours on a descriptor. `--color` decides first, then `FORCE_COLOR`, then `NO_COLOR` and whatever else
 * tells Node about terminals without colours (`TERM=dumb`, `NODE_DISABLE_COLORS`). Pipes and files get no colours.
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
  // It warns if it finds both variables. It works without a stream.
  return WriteStream.prototype.getColorDepth(forced ? { FORCE_COLOR, ...others } : others) > 1;
}

/** Makes the function that a command colours its output with. */
export function paintFor(colors: boolean): Paint {
  if (!colors) return (_, text) => text;
  const { styleText } = process.getBuiltinModule('node:util');
  return (style, text) => styleText(style, text, { validateStream: false });
}
