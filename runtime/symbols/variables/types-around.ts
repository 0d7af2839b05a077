import type { TypeId, TypeInfo } from './type-info.ts';

/** Types in one answer. Further ones are asked for when somebody looks at them. */
const MAX_TYPES = 400;
/** Ids that are followed from those that were asked for. */
const MAX_STEPS = 4;

/** Types, and those that they are made of, the nearest first. */
export function typesAround(
  ids: readonly TypeId[],
  read: (id: TypeId) => TypeInfo | null,
): Map<TypeId, TypeInfo> {
  const types = new Map<TypeId, TypeInfo>();
  let next = new Set(ids);
  for (let step = 0; step <= MAX_STEPS && next.size > 0; step++) {
    const found = new Set<TypeId>();
    for (const id of next) {
      if (types.has(id)) continue;
      if (types.size === MAX_TYPES && step > 0) return types;
      const type = read(id);
      if (type === null) continue;
      types.set(id, type);
      for (const part of partsOf(type)) if (part !== null) found.add(part);
    }
    next = found;
  }
  return types;
}

/** The types that a type refers to. */
function partsOf(type: TypeInfo): (TypeId | null)[] {
  switch (type.kind) {
    case 'pointer':
    case 'alias':
      return [type.target];
    case 'array':
      return [type.element];
    case 'enum':
      return [type.underlying];
    case 'struct': {
      const variants = type.variantPart?.variants.flatMap(({ members }) => members) ?? [];
      const discriminant = type.variantPart?.discriminant;
      return [
        ...type.bases.map((base) => base.type),
        ...type.members.map((member) => member.type),
        ...(discriminant == null ? [] : [discriminant.type]),
        ...variants.map((member) => member.type),
        ...type.arguments.map((argument) => argument.type),
      ];
    }
    default:
      return [];
  }
}
