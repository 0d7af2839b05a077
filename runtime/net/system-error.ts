import { constants } from 'node:os';
import { getSystemErrorMessage } from 'node:util';

/** Numbers below this are libuv's own, such as those of name look-ups. They are none of the operating system. */
const OWN_ERRORS = -3000;

/** libuv writes the texts of `EOF` and the like in lower case. */
function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Returns the text of an error of the operating system, with its number if there is one. */
export function errorText(error: unknown): string {
  // Several addresses of one name have been tried.
  if (error instanceof AggregateError && error.errors.length > 0) return errorText(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  const { errno } = error as NodeJS.ErrnoException;
  if (typeof errno !== 'number' || errno >= 0) return error.message;
  const text = capitalized(getSystemErrorMessage(errno) ?? error.message);
  // On Windows, libuv's numbers are not those of the system.
  if (errno < OWN_ERRORS || process.platform === 'win32') return text;
  return `${text} (os error ${-errno})`;
}

/** Makes an error like the operating system's. */
export function systemError(
  name: 'EDESTADDRREQ' | 'EMFILE' | 'EINVAL' | 'EMSGSIZE' | 'ENOTCONN',
): NodeJS.ErrnoException {
  return Object.assign(new Error(name), { code: name, errno: -constants.errno[name] });
}
