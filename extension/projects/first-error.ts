import { stripVTControlCharacters } from 'node:util';
import { WASI } from './tools.ts';

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
/** What clang and its linker say where only the native part of clang is installed. */
const NO_WASI =
  /: fatal error: '(?:assert|ctype|errno|fcntl|locale|math|pthread|setjmp|signal|stdio|stdlib|string|strings|time|unistd|wchar|sys\/\w+)\.h' file not found$|ld(?:-\d+)?: error: (?:cannot open (?:crt1(?:-\w+)?\.o|\S*libclang_rt\.builtins\S*): |unable to find library -lc$)|error: unable to execute command: Executable "wasm-ld(?:-\d+)?" doesn't exist|error: unable to create target: .*wasm32/;
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
    this.#missing ??= NO_WASI.test(line) ? WASI : MISSING.exec(line)?.[1];
    this.#linker ||= LINKER.exec(line)?.[1] ?? '';
    if (this.#first === '') {
      if (ERROR.test(line)) this.#first = line;
    } else if (CAUSE.test(line)) this.#isCause = true;
    else if (this.#isCause) {
      this.#cause = line.trim();
      this.#isCause = false;
    }
  }

  /** The name of a program that a tool has called and that is not there, or `WASI`. */
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
