import { stripVTControlCharacters } from 'node:util';

/** Characters of an error that a message shows. */
const MAX_LENGTH = 1000;

/** `wasm-ld: error: ...`, also where rustc repeats it. It says more than the compiler that has called the linker. */
const LINKER = /^(?:\s*= note: )?\s*((?:[\w.-]*-)?(?:ld|lld|link)(?:-\d+)?(?:\.exe)?: error: .*)$/;
/** What other tools begin the line of an error with, before or behind their own name. */
const ERROR =
  /^(?:[\w.-]+(?:\[\d+\])?: )?(?:fatal )?(?:error(?:\[\w+\])?: |\*\*\* |npm (?:error|ERR!) |CMake Error|ERROR[ :]|FAILURE )/;
/** What `make`, `env` and shells say of a program that is not there: `make: clang: No such file or directory`. */
const MISSING =
  /^(?:g?make(?:\[\d+\])?|env|(?:\/\S*\/)?\w*sh(?:: (?:line )?\d+)?): ['‘]?([\w.+-]+)['’]?: (?:No such file or directory|(?:command )?not found)$/;
/** Behind it, cargo says why something failed, the reason of the reason last. */
const CAUSE = /^Caused by:$/;

/** Finds the error that matters in what tools print for people: that of the linker, or else the first one. */
export class FirstError {
  #linker = '';
  #first = '';
  #cause = '';
  #isCause = false;
  #missing: string | undefined;

  read(output: string): void {
    for (const line of stripVTControlCharacters(output).split('\n')) this.#readLine(line.trimEnd());
  }

  #readLine(line: string): void {
    this.#missing ??= MISSING.exec(line)?.[1];
    this.#linker ||= LINKER.exec(line)?.[1] ?? '';
    if (this.#first === '') {
      if (ERROR.test(line)) this.#first = line;
    } else if (CAUSE.test(line)) this.#isCause = true;
    else if (this.#isCause) {
      this.#cause = line.trim();
      this.#isCause = false;
    }
  }

  /** The name of a program that a tool has called and that is not there. */
  get missing(): string | undefined {
    return this.#missing;
  }

  /** The line with the error, and that with the cause of it. Empty if there was none. */
  get text(): string {
    const lines = this.#linker === '' ? [this.#first, this.#cause] : [this.#linker];
    return lines
      .filter((line) => line !== '')
      .map((line) => line.slice(0, MAX_LENGTH))
      .join('\n');
  }
}
