// The browser in which tests show workbenches.
import { existsSync } from 'node:fs';

/** The paths where a browser is looked for, unless the variable `CHROMIUM` names one. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The path of the browser; undefined if there is none. */
export function findChromium() {
  const named = process.env.CHROMIUM ?? '';
  return named === '' ? PLACES.find((path) => existsSync(path)) : named;
}
