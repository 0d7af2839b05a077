/** A part of a name. What counts is abbreviated where it occurs again. `key` is its text in which nothing is abbreviated. */
export type Part = Readonly<
  { key: string } & (
    | { kind: 'text' }
    | { kind: 'group'; counts: boolean; before: string; parts: readonly Part[]; after: string }
    | { kind: 'path'; path: readonly Step[] }
  )
>;

/** A namespace or class in a path, with its number of characters: `4shop`. */
export interface Step {
  readonly name: string;
  /** With all steps before it. */
  readonly bareKey: string;
  /** Of the template; null if it is none. */
  readonly arguments: readonly Part[] | null;
  /** With its arguments. */
  readonly key: string;
}

/** Writes a name, abbreviating what occurs again. Source: Itanium C++ ABI, 5.1.10. */
export class NameWriter {
  readonly #known = new Map<string, string>();
  #text = '';

  written(part: Part): string {
    this.#write(part);
    return this.#text;
  }

  #write(part: Part): void {
    if (part.kind === 'text') {
      this.#text += part.key;
    } else if (part.kind === 'path') {
      if (this.#abbreviated(part.key)) return;
      const { path } = part;
      const isNested = path.length > (path[0]?.name === 'St' ? 2 : 1);
      if (isNested) this.#text += 'N';
      this.#steps(path, path.length - 1);
      if (isNested) this.#text += 'E';
    } else if (!part.counts || !this.#abbreviated(part.key)) {
      this.#text += part.before;
      for (const one of part.parts) this.#write(one);
      this.#text += part.after;
      if (part.counts) this.#add(part.key);
    }
  }

  /** Writes a path up to one of its steps. */
  #steps(path: readonly Step[], last: number): void {
    const step = path[last];
    if (step === undefined || this.#abbreviated(step.key)) return;
    if (step.arguments === null || !this.#abbreviated(step.bareKey)) {
      this.#steps(path, last - 1);
      this.#text += step.name;
      if (step.name !== 'St') this.#add(step.bareKey);
    }
    if (step.arguments === null) return;
    this.#text += 'I';
    for (const one of step.arguments) this.#write(one);
    this.#text += 'E';
    this.#add(step.key);
  }

  #abbreviated(key: string): boolean {
    const known = this.#known.get(key);
    this.#text += known ?? '';
    return known !== undefined;
  }

  #add(key: string): void {
    const index = this.#known.size;
    this.#known.set(key, index === 0 ? 'S_' : `S${(index - 1).toString(36).toUpperCase()}_`);
  }
}

/** A sign that is not abbreviated, such as that of `int`. */
export function text(key: string): Part {
  return { kind: 'text', key };
}

/** @param counts whether it is abbreviated where it occurs again */
export function group(before: string, parts: readonly Part[], after = '', counts = true): Part {
  return { kind: 'group', counts, before, parts, after, key: `${before}${keyOf(parts)}${after}` };
}

/** Parts one behind the other, with nothing abbreviated. */
export function keyOf(parts: readonly Part[]): string {
  return parts.map(({ key }) => key).join('');
}
