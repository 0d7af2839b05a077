import { getNodeValue, type Node, parseTree } from 'jsonc-parser';
import type { TextPlace } from '../../../runtime/internal.ts';

/** A text of a JSON file. The place has its quotes. */
export interface Located extends TextPlace {
  readonly text: string;
}

/** What a JSON object says about how a program runs: `lunatic.json`, or a configuration of `launch.json`. */
export interface JsonLaunch {
  readonly object: Node;
  readonly runtimeArgs: readonly Located[];
  readonly dirs: readonly Located[];
  readonly cwd: Located | undefined;
  /** The command that makes the module; undefined if there is none. */
  readonly build: Located | undefined;
}

/** The structure of a JSON text, with comments or without, as far as it can be told. */
export function readJson(text: string): Node | undefined {
  return parseTree(text, [], { allowTrailingComma: true });
}

export function launchOf(object: Node): JsonLaunch {
  return {
    object,
    runtimeArgs: textsOf(member(object, 'runtimeArgs')),
    dirs: textsOf(member(object, 'dirs')),
    cwd: located(member(object, 'cwd')),
    build: textsOf(member(object, 'build'))[0],
  };
}

/** The value of a property of an object. */
export function member(object: Node | undefined, name: string): Node | undefined {
  const property = object?.children?.find(
    ({ type, children }) => type === 'property' && children?.[0]?.value === name,
  );
  return property?.children?.[1];
}

export function located(node: Node | undefined): Located | undefined {
  return node?.type === 'string'
    ? { text: String(getNodeValue(node)), start: node.offset, end: node.offset + node.length }
    : undefined;
}

function textsOf(node: Node | undefined): Located[] {
  return node?.type === 'array' ? (node.children ?? []).flatMap((child) => located(child) ?? []) : [];
}
