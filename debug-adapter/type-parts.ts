import type { Member, StructType, TypeId, TypeInfo } from '../runtime/internal.ts';

/** Structures in each other through which a part is looked for. */
const MOST_LEVELS = 8;

/** Bytes of a structure that anything can begin at: behind so many is no memory. */
const MOST_BYTES = 2 ** 32;

/** The type behind the names and qualifiers that it has; null if it is not known. */
export type Resolve = (id: TypeId | null) => Promise<TypeInfo | null>;

/** A part of a structure: the number of its first byte, and what it is. */
export interface TypePart {
  readonly at: number;
  readonly id: TypeId | null;
  readonly type: TypeInfo | null;
}

/**
 * The byte of a structure that a part of it begins at; null if it is not known, if the part begins within a byte, or if it is where
 * no part can be. Debug information may say anything.
 */
export function byteOf({ bitOffset }: Member): number | null {
  if (bitOffset === null) return null;
  const at = bitOffset / 8;
  return Number.isInteger(at) && at >= 0 && at < MOST_BYTES ? at : null;
}

/** Finds parts of structures by their names, whatever structures are around them. */
export class TypeParts {
  readonly #resolve: Resolve;

  constructor(resolve: Resolve) {
    this.#resolve = resolve;
  }

  whole(type: StructType): TypePart {
    return { at: 0, id: null, type };
  }

  async all(of: TypePart | null | undefined, ...names: readonly string[]): Promise<(TypePart | null)[]> {
    return await Promise.all(names.map((name) => this.one(of, name)));
  }

  /** A part by its name, which may be in other parts. */
  async one(of: TypePart | null | undefined, name: string): Promise<TypePart | null> {
    return of == null ? null : await this.#first(of, (member) => member.name === name, 0);
  }

  /** A part by its name that is in no other part, and one in that, and so on. */
  async own(of: TypePart | null | undefined, ...names: readonly string[]): Promise<TypePart | null> {
    let at = of ?? null;
    for (const name of names) {
      const members: readonly Member[] = at?.type?.kind === 'struct' ? at.type.members : [];
      const member = members.find((candidate) => candidate.name === name);
      const from = member === undefined ? null : byteOf(member);
      at =
        at === null || member === undefined || from === null
          ? null
          : await this.#found(at.at + from, member.type);
    }
    return at;
  }

  /** The first pointer in a part, which may be that itself. */
  async pointer(of: TypePart | null | undefined): Promise<TypePart | null> {
    const isPointer = (_: Member, { type }: TypePart) => type?.kind === 'pointer';
    return of == null || of.type?.kind === 'pointer' ? (of ?? null) : await this.#first(of, isPointer, 0);
  }

  /** What the first pointer in a part points to. */
  async target(of: TypePart | null | undefined): Promise<TypePart | null> {
    const pointer = await this.pointer(of);
    return pointer?.type?.kind === 'pointer' ? await this.#found(0, pointer.type.target) : null;
  }

  /** The first part for which something is true. */
  async #first(
    { at, type }: TypePart,
    isIt: (member: Member, part: TypePart) => boolean,
    level: number,
  ): Promise<TypePart | null> {
    if (type?.kind !== 'struct' || level > MOST_LEVELS) return null;
    const variants = type.variantPart?.variants.flatMap(({ members }) => members) ?? [];
    for (const member of [...type.members, ...type.bases, ...variants]) {
      const from = byteOf(member);
      if (from === null) continue;
      const part = await this.#found(at + from, member.type);
      if (isIt(member, part)) return part;
      const inner = await this.#first(part, isIt, level + 1);
      if (inner !== null) return inner;
    }
    return null;
  }

  /** The type that a generic type is given by this name. */
  async argument(of: TypePart | null | undefined, name: string): Promise<TypePart | null> {
    const found =
      of?.type?.kind === 'struct' ? of.type.arguments.find((one) => one.name === name) : undefined;
    return found === undefined ? null : await this.#found(0, found.type);
  }

  async #found(at: number, id: TypeId | null): Promise<TypePart> {
    return { at, id, type: await this.#resolve(id) };
  }
}
