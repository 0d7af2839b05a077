import {
  aType,
  BYTE,
  type CharacterSize,
  type Code,
  characterSize,
  ExpressionError,
  inMemory,
  pointerCode,
  sizeOf,
  storedValue,
  stringAt,
  TEXT,
  type Type,
  textAt,
} from '../expressions/index.ts';
import { quoted } from '../text/quoted.ts';
import type { CallContext } from './call-context.ts';
import { enumCode } from './enum-code.ts';
import { mapCode } from './map-code.ts';
import { COVER, elementsText, MAX_DEPTH, pointerText, recordText } from './parts-text.ts';
import type { ValueType } from './protocol.ts';
import { type Address, byteAt, wordAt } from './words.ts';

/** Elements: where the first one is, and how many there are. Both at once, as each list may be in another one. */
type Elements = (context: CallContext) => { readonly start: number; readonly count: number };

/** The id of a process. */
const ID: Type = { kind: 'integer', bytes: 8, isSigned: true };

/** Pointers, arrays and lists in each other. */
const MOST_LEVELS = 8;

/**
 * What is in memory at an address, of a type of a list.
 * @param level how many references and cells are around it
 */
export function typedCode(
  types: readonly ValueType[],
  type: number,
  address: Address,
  level = 0,
): Code<CallContext> {
  return { ...codeAt(types, type, address, level), again: (other) => typedCode(types, type, other, level) };
}

function codeAt(
  types: readonly ValueType[],
  type: number,
  address: Address,
  level: number,
): Code<CallContext> {
  const info = types[type];
  switch (info?.kind) {
    case undefined:
      throw new ExpressionError('its type is not known');
    case 'record': {
      const { length, inner, members } = info;
      const part = ({ type, at }: { type: number; at: number }) =>
        typedCode(types, type, (context) => address(context) + at);
      const stands =
        inner === undefined || level === MOST_LEVELS
          ? undefined
          : typedCode(types, inner.type, (context) => address(context) + inner.at, level + 1);
      const text = stands === undefined ? textOf(info, address, part) : coverText(stands.text);
      return {
        type: valueType(types, type),
        ...stands,
        address,
        ...(info.bytes === undefined ? {} : { bytes: info.bytes }),
        ...(length === undefined
          ? {}
          : { length: (context: CallContext) => wordAt(context, address(context) + length) }),
        fields: () => members.map(part),
        ...(text === undefined ? {} : { text }),
        member(name) {
          const member = members.find((candidate) => candidate.name === name);
          return member === undefined ? stands?.member?.(name) : part(member);
        },
      };
    }
    case 'enum':
      return enumCode(
        info,
        valueType(types, type),
        address,
        (part, at) => typedCode(types, part, at),
        (variant, name) => hasMember(types[variant], name),
      );
    case 'list': {
      const size = info.isEnd === true ? (sizeOf(valueType(types, info.of)) ?? 0) : 0;
      const { skip = 0 } = info;
      const elements: Elements = (context) => {
        const list = address(context);
        let start = wordAt(context, list + info.start);
        const word = wordAt(context, list + info.count);
        if (info.inside !== undefined) {
          const { at, length } = info.inside;
          const byte = byteAt(context, list + length);
          if ((byte & (length === 0 ? 0x01 : 0x80)) === 0)
            return { start: list + at, count: length === 0 ? byte >> 1 : byte };
        }
        start += skip;
        return { start, count: size === 0 ? word : Math.max(0, Math.floor((word - start) / size)) };
      };
      const length: Address = (context) => elements(context).count;
      if (info.isText) {
        const value = (context: CallContext) => {
          const { start, count } = elements(context);
          return textAt(context.memory, start, count, info.characterBytes);
        };
        return { type: TEXT, address, length, value };
      }
      return {
        type: valueType(types, type),
        address,
        length,
        element: (index) => elementAt(types, info.of, index, elements),
        text: (context, depth) =>
          elementsText(
            elements(context).count,
            (index) => elementAt(types, info.of, () => index, elements),
            context,
            depth,
          ),
      };
    }
    case 'map': {
      const partAt = (part: number, at: Address) => typedCode(types, part, at);
      return mapCode(info, valueType(types, type), address, partAt);
    }
    case 'array': {
      const { count = Number.POSITIVE_INFINITY } = info;
      const element = (index: Address) =>
        elementAt(types, info.of, index, (context) => ({ start: address(context), count }));
      return {
        ...inMemory(valueType(types, type), address),
        to: (at) => typedCode(types, info.of, at),
        element,
        text(context, depth) {
          const character = characterOf(types[info.of]);
          if (character !== null) {
            const text = stringAt(context.memory, address(context), info.count, character);
            return depth === 0 ? text : quoted(text);
          }
          return elementsText(info.count ?? 0, (index) => element(() => index), context, depth);
        },
      };
    }
    case 'object':
      return inMemory(valueType(types, type), address);
    case 'pointer': {
      const pointer = inMemory<CallContext>(valueType(types, type), address);
      return typedPointer(types, info, pointer, level);
    }
    default:
      return inMemory(valueType(types, type), address);
  }
}

function hasMember(type: ValueType | undefined, name: string): boolean {
  return type?.kind === 'record' && type.members.some((member) => member.name === name);
}

/** What is displayed of a value that stands for another one. Types may stand for themselves. */
function coverText(text: Code<CallContext>['text']): Code<CallContext>['text'] {
  return text && ((context, depth) => (depth >= MAX_DEPTH ? '…' : text(context, depth + COVER)));
}

/** What is displayed of a structure; undefined for those of libraries. */
function textOf(
  { title, process, members }: Extract<ValueType, { kind: 'record' }>,
  address: Address,
  part: (member: { readonly type: number; readonly at: number }) => Code<CallContext>,
): Code<CallContext>['text'] {
  if (process !== undefined) {
    const id = inMemory<CallContext>(ID, (context) => address(context) + process);
    return (context) => context.processText(Number(id.value?.(context)));
  }
  if (title === undefined) return undefined;
  return (context, depth) => {
    const shown = members.filter(({ name }) => !name.startsWith('_vptr'));
    return recordText(
      title,
      shown.map((member) => ({ name: member.name, code: part(member) })),
      context,
      depth,
    );
  };
}

/** A value that is not in memory, read as what it is at a type. */
export function typedValue(
  types: readonly ValueType[],
  type: number,
  raw: Code<CallContext>,
): Code<CallContext> {
  const info = types[type];
  if (info === undefined) throw new ExpressionError('its type is not known');
  if (info.kind === 'pointer') {
    const value = raw.value;
    if (value === undefined) throw new ExpressionError('it cannot be read');
    const address = (context: CallContext) => Number(value(context)) >>> 0;
    return typedPointer(types, info, { type: valueType(types, type), value: address }, 0);
  }
  if (info.kind === 'list' || info.kind === 'array' || info.kind === 'map' || info.kind === 'enum')
    return { type: valueType(types, type) };
  if (info.kind === 'record') {
    return {
      type: valueType(types, type),
      // It is there as the only thing in it.
      member(name) {
        const member = info.members.find((candidate) => candidate.name === name && candidate.at === 0);
        return member === undefined ? undefined : typedValue(types, member.type, raw);
      },
    };
  }
  // Of objects, a scope makes more than the number.
  return info.kind === 'object' ? raw : storedValue(info, raw);
}

function typedPointer(
  types: readonly ValueType[],
  { to: target, skip = 0, isReference, isOwner, isFunction }: Extract<ValueType, { kind: 'pointer' }>,
  pointer: Code<CallContext>,
  level: number,
): Code<CallContext> {
  const { type, value } = pointer;
  const address: Address = (context) => Number(value?.(context) ?? 0);
  const to = (at: Address) =>
    typedCode(types, target, skip === 0 ? at : (context) => at(context) + skip, level + 1);
  if (isReference === true && level < MOST_LEVELS) {
    const { address: start, ...meant } = to(address);
    // Where an array begins is what is calculated with.
    const place = meant.type.kind === 'array' ? start : pointer.address;
    return {
      ...meant,
      ...(place === undefined ? {} : { address: place }),
      ...{ bytes: 4, target: () => to(address) },
    };
  }
  if (type.kind !== 'pointer') return pointer;
  const kind = types[target]?.kind;
  const collection = isOwner === true && (kind === 'list' || kind === 'map') ? to(address) : undefined;
  return {
    ...pointer,
    // References lead somewhere.
    ...pointerCode(type, address, to, isReference === true || collection !== undefined ? undefined : 'it'),
    ...(collection?.length === undefined ? {} : { length: collection.length }),
    ...(collection?.entry === undefined ? {} : { entry: collection.entry }),
    ...(collection?.element === undefined ? {} : { element: collection.element }),
    // Types may lead to themselves.
    ...(level < MOST_LEVELS ? {} : { member: () => undefined }),
    text(context, depth) {
      const known = { isFunction: isFunction === true, character: characterOf(types[target]) };
      return pointerText(address(context), to(address), known, context, depth);
    },
  };
}

/** Bytes of a character of C; null for any other type. */
function characterOf(type: ValueType | undefined): CharacterSize | null {
  return type?.kind === 'integer' && type.isCharacter === true ? characterSize(type) : null;
}

function elementAt(
  types: readonly ValueType[],
  of: number,
  index: Address,
  elements: Elements,
): Code<CallContext> {
  const type = valueType(types, of);
  const size = sizeOf(type);
  if (size === undefined) throw new ExpressionError(`the elements of ${aType(type)} cannot be read`);
  return typedCode(types, of, (context) => {
    const at = index(context);
    const { start, count } = elements(context);
    if (Number.isFinite(count) && !(at >= 0 && at < count))
      throw new ExpressionError(`there is no element ${at}`);
    return start + at * size;
  });
}

/** A type of a list as expressions have it. */
function valueType(types: readonly ValueType[], type: number, level = 0): Type {
  const info = types[type];
  if (info === undefined || level > MOST_LEVELS) return BYTE;
  switch (info.kind) {
    case 'pointer':
      return { kind: 'pointer', to: valueType(types, info.to, level + 1) };
    case 'array': {
      const of = valueType(types, info.of, level + 1);
      return { kind: 'array', of, ...(info.count === undefined ? {} : { count: info.count }) };
    }
    case 'list':
    case 'map':
    case 'enum':
    case 'record':
      return { kind: 'record', name: info.name, ...(info.bytes === undefined ? {} : { bytes: info.bytes }) };
    case 'object':
      return { kind: 'integer', bytes: 4, isSigned: null };
    default:
      return info;
  }
}
