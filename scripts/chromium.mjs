// The browser in which tests show workbenches.
import { existsSync } from 'node:fs';

/** Where one is looked for, unless the variable `CHROMIUM` names it. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Its path; undefined where there is none. */
export function findChromium() {
  const named = process.env.CHROMIUM ?? '';
  return named === '' ? PLACES.find((path) => existsSync(path)) : named;
}
