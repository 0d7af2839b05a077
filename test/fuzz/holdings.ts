import { existsSync, readdirSync } from 'node:fs';
import { collectGarbage } from '../../runtime/kernel/garbage.ts';
import { Finding } from './finding.ts';
import type { Figures } from './fuzzer.ts';

const MEBIBYTE = 2 ** 20;

/** Cases that may leave something: caches, and what Node makes once. */
const WARM_UP = 20;

/** What may come in addition, later. */
const MOST_GROWTH = { handles: 3, descriptors: 3, 'temporary files': 0, 'MiB in use': 32 } as const;
type Kind = keyof typeof MOST_GROWTH;
const KINDS = Object.keys(MOST_GROWTH) as Kind[];

/** Milliseconds for what is going to end. */
const PATIENCE = 5000;

/** What this OS process holds between its cases, which must not grow. */
export class Holdings {
  readonly #folder: string;
  readonly #base = new Map<Kind, number>();
  #cases = 0;

  /** @param folder where it has its temporary files */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Looks after a case. @throws Finding if something is left that is not after the first ones */
  async check(): Promise<Figures> {
    this.#cases++;
    const end = Date.now() + PATIENCE;
    for (;;) {
      const left = this.#whatIsLeft();
      if (left === null) return { ...this.#now(), 'MiB in memory': process.memoryUsage.rss() / MEBIBYTE };
      if (Date.now() > end) throw new Finding(left);
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  #whatIsLeft(): string | null {
    const children = process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap').length;
    if (children > 0) return `${children} OS processes are left`;
    const now = this.#now();
    for (const kind of KINDS) {
      const base = this.#base.get(kind) ?? 0;
      if (this.#cases <= WARM_UP) this.#base.set(kind, Math.max(base, now[kind]));
      else if (now[kind] > base + MOST_GROWTH[kind])
        return `${now[kind]} ${kind} after ${this.#cases} cases: it was ${base} at most after the first ${WARM_UP}`;
    }
    return null;
  }

  #now(): Readonly<Record<Kind, number>> {
    collectGarbage();
    return {
      handles: process.getActiveResourcesInfo().length,
      descriptors: existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0,
      'temporary files': readdirSync(this.#folder).length,
      'MiB in use': process.memoryUsage().heapUsed / MEBIBYTE,
    };
  }
}
