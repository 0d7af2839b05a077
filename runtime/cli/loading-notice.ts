import { writeSync } from 'node:fs';
import { basename } from 'node:path';
import type { LoadedModule } from '../kernel/module.ts';
import { displayName } from '../text/display-name.ts';
import { bytesOf } from '../text/quantities.ts';
import { isTerminal } from './terminal.ts';

const STDERR = 2;

/** The bytes of a module that takes about a third of a second to read and rewrite. */
const LARGE = 4 * 2 ** 20;

const CLEAR_LINE = '\r\x1b[2K';

/** Says on a terminal that a large module is being loaded, for as long as that takes. */
export class LoadingNotice {
  #path = '';
  #isShown = false;

  /** Given to the runtime. Nothing is said about modules that guests load. */
  readonly onRewrite = (size: number): void => {
    if (this.#path === '' || size < LARGE || !isTerminal(STDERR)) return;
    // Written at once, since loading keeps everything else waiting.
    writeSync(STDERR, `Loading ${displayName(basename(this.#path))} (${bytesOf(size)}) ...`);
    this.#isShown = true;
  };

  /** @param load loads the module of the file `path` */
  during(path: string, load: () => LoadedModule): LoadedModule {
    this.#path = path;
    try {
      return load();
    } finally {
      this.#path = '';
      if (this.#isShown) writeSync(STDERR, CLEAR_LINE);
      this.#isShown = false;
    }
  }
}
