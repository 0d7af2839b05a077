import type { SymbolAnswers, SymbolJob, SymbolQuestion, SymbolReply } from './symbol-questions.ts';
import type { Symbols } from './symbols.ts';

/** Modules whose symbols are kept. Whoever asks about another one sends it again. */
const MAX_MODULES = 8;

/** The symbols of the modules that somebody has asked about lately. */
export class OpenedModules {
  readonly #open: (bytes: Uint8Array, path: string | null) => Symbols;
  readonly #symbols = new Map<number, Symbols>();

  /** @param open opens the symbols of a module, given its path if it has one */
  constructor(open: (bytes: Uint8Array, path: string | null) => Symbols) {
    this.#open = open;
  }

  reply({ module, bytes, path, question }: SymbolJob): SymbolReply {
    let symbols = this.#symbols.get(module);
    if (symbols === undefined) {
      if (bytes === null) return 'unknown module';
      symbols = this.#open(bytes, path);
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
    case 'starts around':
      return { offsets: symbols.startsAround(question.offset) };
    case 'functions':
      return { offsets: symbols.functionsNamed?.(question.name) ?? [] };
    case 'inlined calls':
      return { offsets: symbols.inlinedCallsOf?.(question.name) ?? [] };
    case 'prologue ends':
      return { ends: question.offsets.map((offset) => symbols.prologueEnd?.(offset) ?? null) };
    case 'content':
      return { content: symbols.contentOf(question.file) };
    case 'variables':
      return { variables: symbols.variables?.variablesOf(question.frame) ?? null };
    case 'statics': {
      const { variables } = symbols;
      const { offset, name } = question;
      if (variables === null) return { statics: null };
      return {
        statics: name === null ? variables.staticsOf(offset) : variables.staticsNamed(name, offset),
      };
    }
    case 'types':
      return { types: symbols.variables?.types(question.ids) ?? new Map() };
    case 'concrete type':
      return { type: symbols.variables?.concreteType(question.vtable, question.offset) ?? null };
    case 'class':
      return { type: symbols.variables?.classNamed(question.name) ?? null };
    case 'type':
      return { type: symbols.variables?.typeNamed(question.name, question.offset) ?? null };
  }
}
