/** Names a folder for what is kept from one start to the next, or turns that off: `off`. */
const VARIABLE = 'LUNATIC_CACHE';

/**
 * The folder of this user in which the command keeps what it made, to start faster the next time.
 * @returns null if nothing is to be kept
 */
export function cacheFolder(environment: NodeJS.ProcessEnv): string | null {
  const named = environment[VARIABLE];
  if (named === 'off') return null;
  if (named) return named;
  const { HOME, LOCALAPPDATA, XDG_CACHE_HOME } = environment;
  const folder = XDG_CACHE_HOME || LOCALAPPDATA || (HOME && `${HOME}/.cache`);
  return folder ? `${folder}/lunatic` : null;
}
