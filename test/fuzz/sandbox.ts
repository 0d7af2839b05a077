import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Finding } from './finding.ts';

/** The folder of the guests, and beside it what they must not touch. */
export class Sandbox {
  readonly #folder: string;
  readonly root: string;
  readonly #before: string;

  /** Makes it anew. The folder of the guests is the current directory then. */
  constructor(folder: string) {
    this.#folder = folder;
    this.root = join(this.#folder, 'root');
    for (const name of readdirSync(this.#folder))
      rmSync(join(this.#folder, name), { recursive: true, force: true });
    mkdirSync(join(this.root, 'a', 'b'), { recursive: true });
    mkdirSync(join(this.#folder, 'outside'));
    writeFileSync(join(this.#folder, 'outside', 'secret'), 'secret');
    writeFileSync(join(this.root, 'b'), 'text');
    symlinkSync('../outside', join(this.root, 'link'));
    process.chdir(this.root);
    this.#before = this.#describe();
  }

  /** @throws Finding if something has changed outside of the folder of the guests */
  check(): void {
    const after = this.#describe();
    if (after !== this.#before)
      throw new Finding(`something outside of the folder has changed: ${this.#before} became ${after}`);
  }

  /** Everything beside the folder of the guests. */
  #describe(): string {
    const found: string[] = [];
    const look = (path: string): void => {
      const stat = lstatSync(path);
      const content = stat.isFile()
        ? readFileSync(path, 'latin1')
        : stat.isSymbolicLink()
          ? readlinkSync(path)
          : '';
      found.push(`${path} ${stat.mode} ${stat.mtimeMs} ${content}`);
      if (stat.isDirectory()) for (const name of readdirSync(path)) look(join(path, name));
    };
    for (const name of readdirSync(this.#folder)) if (name !== 'root') look(join(this.#folder, name));
    return found.join('\n');
  }
}
