import type { Declaration, Named } from '../../runtime/internal.ts';
import { quoted } from '../../runtime/internal.ts';
import type { WatDocument } from './wat-document.ts';

/** The word with which the text format declares something. */
const KEYWORDS: Readonly<Record<Named['space'], string>> = {
  type: 'type',
  function: 'func',
  table: 'table',
  memory: 'memory',
  global: 'global',
  tag: 'tag',
  data: 'data',
  element: 'elem',
  local: 'local',
  label: 'label',
  field: 'field',
};

/** What something is called: its `$name`, or what it is and its index. */
export function labelOf(document: WatDocument, { space, index, identifier }: Named): string {
  return identifier === undefined ? `${KEYWORDS[space]} ${index}` : document.textOf(identifier);
}

/** The types of what a module declares, as far as they can be told: `[i32] -> [i64]`, `mut i32`. Empty for others. */
export function signatureOf(document: WatDocument, { space, index }: Declaration): string {
  const { scope } = document.analysis;
  switch (space) {
    case 'function':
      return shapeText(document, scope.functions[index]);
    case 'tag':
      return shapeText(document, scope.tags[index]);
    case 'type':
      return shapeText(document, index);
    case 'global': {
      const global = scope.globals[index];
      return global === undefined ? '' : `${global.mutable ? 'mut ' : ''}${scope.typeText(global.type)}`;
    }
    case 'table': {
      const table = scope.tables[index];
      return table === undefined ? '' : scope.typeText(table.element);
    }
    default:
      return '';
  }
}

/** A function type as `[i32] -> [i64]`; the word for another type. */
export function shapeText(document: WatDocument, type: number | undefined): string {
  const { scope } = document.analysis;
  const shape = type === undefined ? undefined : scope.types.get(type)?.shape;
  if (shape === undefined) return '';
  return shape.kind === 'func'
    ? `${scope.typesText(shape.params)} -> ${scope.typesText(shape.results)}`
    : shape.kind;
}

/** Something as the text format declares it, without its code: `(func $f (param $a i32) (result i32))`. */
export function declarationText(document: WatDocument, target: Named): string {
  switch (target.space) {
    case 'function':
    case 'tag':
      return functionText(document, target as Declaration);
    case 'local': {
      const [list] = document.listsAt(target.list.start + 1).slice(-1);
      const word = list?.head === 'param' ? 'param' : 'local';
      return `(${[word, nameOrIndex(document, target), typeOf(document, target)].join(' ')})`;
    }
    case 'label': {
      const { start } = target.list;
      return shortened(BLOCK_HEAD.exec(document.text.slice(start, start + LONGEST_HEAD))?.[0] ?? '');
    }
    case 'global': {
      const declaration = target as Declaration;
      const signature = signatureOf(document, declaration);
      const type = signature.startsWith('mut ') ? `(${signature})` : signature;
      return `(global ${nameOrIndex(document, target)}${importText(declaration)} ${type}${valueText(document, declaration)})`;
    }
    default:
      return shortened(document.text.slice(target.list.start, target.list.end));
  }
}

function nameOrIndex(document: WatDocument, { identifier, index }: Named): string {
  return identifier === undefined ? `(;${index};)` : document.textOf(identifier);
}

function typeOf(document: WatDocument, target: Named): string {
  return 'type' in target && typeof target.type === 'number'
    ? document.analysis.scope.typeText(target.type)
    : '';
}

/** The first value of a global, if it is short. */
function valueText(document: WatDocument, { list }: Declaration): string {
  const value = list.items.at(-1);
  if (value?.kind !== 'list' || !/^[\w.]+\.const$|^ref\.|^global\.get$/.test(value.head)) return '';
  return ` ${shortened(document.textOf(value))}`;
}

function importText({ imported }: Declaration): string {
  return imported === undefined ? '' : ` (import ${quoted(imported.module)} ${quoted(imported.name)})`;
}

function functionText(document: WatDocument, declaration: Declaration): string {
  const { scope } = document.analysis;
  const { space, list, index } = declaration;
  const type = (space === 'tag' ? scope.tags : scope.functions)[index];
  const shape = type === undefined ? undefined : scope.types.get(type)?.shape;
  const written = list.items.filter(
    (item) => item.kind === 'list' && (item.head === 'param' || item.head === 'result'),
  );
  const parts =
    written.length > 0 || shape?.kind !== 'func'
      ? written.map((item) => shortened(document.textOf(item)))
      : [
          ...(shape.params.length === 0
            ? []
            : [`(param${scope.typesText(shape.params).replace('[', ' ').replace(']', '')})`]),
          ...(shape.results.length === 0
            ? []
            : [`(result${scope.typesText(shape.results).replace('[', ' ').replace(']', '')})`]),
        ];
  return `(${[KEYWORDS[space], nameOrIndex(document, declaration)].join(' ')}${importText(declaration)}${parts.map((part) => ` ${part}`).join('')})`;
}

/** What a block, or a function, begins with: its name and types. */
const BLOCK_HEAD =
  /^\(?[\w.]+(?:\s+\$(?:"[^"]*"|[^\s()";]+))?(?:\s*\((?:export|import|type|param|result)\b(?:"[^"]*"|[^()"]|\([^()]*\))*\))*/;
const LONGEST_HEAD = 2000;

/** The most characters of a text in a hover. */
const LONGEST = 300;

function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST)}…`;
}

/** The comment lines right above a declaration, without their semicolons. */
export function commentAbove(document: WatDocument, { list }: Named): string {
  const { text, lines } = document;
  const found: string[] = [];
  for (let line = lines.positionAt(list.start).line - 1; line >= 0; line--) {
    const start = lines.offsetAt({ line, column: 0 });
    const content = text.slice(start, lines.offsetAt({ line: line + 1, column: 0 })).trim();
    if (!content.startsWith(';;')) break;
    found.unshift(content.replace(/^;+ ?/, ''));
  }
  return found.join('\n');
}
