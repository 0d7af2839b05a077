import { constants } from 'node:os';
import { getSystemErrorMessage } from 'node:util';

/** Numbers below this are of libuv's own, such as those of name look-ups; the operating system has none for them. */
const OWN_ERRORS = -3000;

/** The text of `EOF` and the like is written in small letters. */
function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What a guest reads of an error of the operating system: its text, and its number where there is one. */
export function errorText(error: unknown): string {
  // Several addresses of one name were tried.
  if (error instanceof AggregateError && error.errors.length > 0) return errorText(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  const { errno } = error as NodeJS.ErrnoException;
  if (typeof errno !== 'number' || errno >= 0) return error.message;
  const text = capitalized(getSystemErrorMessage(errno) ?? error.message);
  // Windows' numbers are not those that libuv gives.
  if (errno < OWN_ERRORS || process.platform === 'win32') return text;
  return `${text} (os error ${-errno})`;
}

/** An error as the operating system would give it. */
export function systemError(
  name: 'EDESTADDRREQ' | 'EINVAL' | 'EMSGSIZE' | 'ENOTCONN',
): NodeJS.ErrnoException {
  return Object.assign(new Error(name), { code: name, errno: -constants.errno[name] });
}
