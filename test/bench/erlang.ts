import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs the programs of `erlang/lunatic_peer.erl` where there is an Erlang. */
export class Erlang {
  readonly #folder = mkdtempSync(join(tmpdir(), 'lunatic-bench-'));
  readonly #available: boolean;

  constructor() {
    const source = 'lunatic_peer.erl';
    copyFileSync(join(import.meta.dirname, 'erlang', source), join(this.#folder, source));
    this.#available = this.#run('erlc', [source]) !== null;
  }

  /** Microseconds an operation takes on one scheduler; null where there is no Erlang. */
  measure(name: string, count: number): number | null {
    if (!this.#available) return null;
    const main = `lunatic_peer:main(["${name}", "${count}"]).`;
    const output = this.#run('erl', ['+S', '1', '-noshell', '-eval', main]);
    if (output === null) throw new Error(`Erlang's ${name} failed`);
    return Number.parseFloat(output) / 1000;
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }

  #run(command: string, args: readonly string[]): string | null {
    try {
      return execFileSync(command, args, { cwd: this.#folder, encoding: 'utf8' });
    } catch {
      return null;
    }
  }
}
