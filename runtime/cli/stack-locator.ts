import { resolve } from 'node:path';
import { isOfMacro, isOwnCall } from '../symbols/library-code.ts';
import { formatFrame, type StackFrame, stackLines } from '../symbols/stack-frame.ts';
import { type PlacedModule, StackPlaces } from '../symbols/stack-places.ts';
import type { SourcePlace } from '../symbols/symbols.ts';
import type { LocatedStack } from '../testing/test-options.ts';
import { excerpt } from './excerpt.ts';
import { lineOfText, readSourceLine, type SourceLine } from './source-line.ts';
import type { StackStyle } from './stack-style.ts';

export type LocatedModule = PlacedModule;

/** Milliseconds that reading a line may take. */
const READ_TIME = 1000;

/** Lines that are kept, and milliseconds after which they are read again. */
const MAX_KEPT = 100;
const KEPT_TIME = 1000;

/** Finds stacks in the sources, and prints them with the line that the author wrote. */
export class StackLocator {
  readonly #style: StackStyle;
  readonly #places = new StackPlaces();
  readonly #paths = new WeakMap<object, string | null>();
  /** Lines that were read a moment ago: many processes may be at the same one. */
  readonly #excerpts = new Map<string, Promise<string>>();
  #readSince = 0;
  /** The module to which the places belong that were read. */
  #readOf: object | null = null;

  constructor(style: StackStyle) {
    this.#style = style;
  }

  /**
   * @param key stands for the module
   * @param describe tells of the module, when it is first asked about
   * @param onlyOwn whether only the innermost call in the author's code is printed
   */
  async locate(
    key: object,
    describe: () => LocatedModule,
    frames: readonly StackFrame[],
    onlyOwn = false,
  ): Promise<LocatedStack> {
    const remember = () => {
      const module = describe();
      this.#paths.set(key, module.path);
      return module;
    };
    const located = await this.#places.locate(key, remember, frames);
    const path = this.#paths.get(key) ?? null;
    const program = path === null ? '' : resolve(path);
    const own = located.find(
      ({ functionName, place }) => place !== undefined && isOwnCall(functionName, place.file, program),
    );
    const dimmed = new Set(
      located.filter(({ functionName, place }, i) => {
        if (functionName === undefined && place === undefined) return false;
        const isAround = isOfMacro(functionName, located[i - 1]?.functionName);
        return isAround || !isOwnCall(functionName, place?.file, program);
      }),
    );
    const printed = onlyOwn ? (own === undefined ? [] : [own]) : located;
    const line = own?.place === undefined ? '' : await this.#excerpt(key, own.place);
    const { paint } = this.#style;
    const lines = stackLines(printed, (frame) => {
      const text = formatFrame(frame);
      if (frame === own) return `${text}${line}`;
      return dimmed.has(frame) ? paint('dim', text) : text;
    });
    return { frames: located, own: own?.place ?? null, lines };
  }

  /** The line of a place, as lines that follow that of the frame; an empty text if it is not to be shown. */
  #excerpt(key: object, place: SourcePlace): Promise<string> | string {
    if (!this.#style.showsLine) return '';
    const now = performance.now();
    if (key !== this.#readOf || now > this.#readSince + KEPT_TIME || this.#excerpts.size > MAX_KEPT) {
      this.#excerpts.clear();
      this.#readOf = key;
      this.#readSince = now;
    }
    const name = `${place.file}:${place.line}:${place.column}`;
    let excerpt = this.#excerpts.get(name);
    if (excerpt === undefined) {
      excerpt = this.#readExcerpt(key, place);
      this.#excerpts.set(name, excerpt);
    }
    return excerpt;
  }

  async #readExcerpt(key: object, place: SourcePlace): Promise<string> {
    const line = await this.#lineAt(key, place);
    return line === null ? '' : `\n${await excerpt(line, place, this.#style.paint)}`;
  }

  async #lineAt(key: object, place: SourcePlace): Promise<SourceLine | null> {
    const content = await this.#places.contentOf(key, place.file);
    if (content !== null) return lineOfText(content, place);
    const reading = readSourceLine(place, this.#paths.get(key) ?? null).catch(() => null);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((done) => {
      timer = setTimeout(done, READ_TIME, null);
    });
    return await Promise.race([reading, late]).finally(() => clearTimeout(timer));
  }
}
