import { companionFiles } from './companion-files.ts';
import { ModuleParts } from './module-parts.ts';
import { openSymbols } from './open-symbols.ts';
import type { SymbolAnswers, SymbolJob, SymbolQuestion, SymbolReply } from './symbol-questions.ts';
import type { Symbols } from './symbols.ts';

/** Modules whose symbols are kept. Whoever asks about another one sends it again. */
const MAX_MODULES = 8;

/** The symbols of the modules that somebody has asked about lately. */
export class OpenedModules {
  readonly #symbols = new Map<number, Symbols>();

  reply({ module, bytes, path, question }: SymbolJob): SymbolReply {
    let symbols = this.#symbols.get(module);
    if (symbols === undefined) {
      if (bytes === null) return 'unknown module';
      // What is not about the source, above all the code, is not kept.
      const parts = new ModuleParts(bytes, true);
      symbols = openSymbols(parts, path === null ? undefined : companionFiles(path));
    }
    this.#keep(module, symbols);
    return { answer: answerTo(symbols, question) };
  }

  #keep(module: number, symbols: Symbols): void {
    this.#symbols.delete(module);
    this.#symbols.set(module, symbols);
    for (const oldest of this.#symbols.keys()) {
      if (this.#symbols.size <= MAX_MODULES) break;
      this.#symbols.delete(oldest);
    }
  }
}

function answerTo(symbols: Symbols, question: SymbolQuestion): Partial<SymbolAnswers> {
  switch (question.ask) {
    case 'source':
      return { source: symbols.source };
    case 'frames':
      return { frames: question.offsets.map((offset) => symbols.framesAt(offset)) };
    case 'files':
      return { files: symbols.files() };
    case 'lines':
      return { lines: symbols.linesOf(question.file) };
    case 'starts':
      return { starts: symbols.startsOf(question.file, question.line) };
    case 'content':
      return { content: symbols.contentOf(question.file) };
  }
}
