import type { HostFunction } from '../host-api.ts';
import { assemblyScriptImports } from './assemblyscript-imports.ts';
import { cImports } from './c-imports.ts';
import type { DeclaredImport, HostType } from './declared-import.ts';
import type { Writing } from './host-checks.ts';
import { rustImports } from './rust-imports.ts';
import type { SourceLanguage } from './source-tokens.ts';

/** How a language declares imports, and writes them. */
export interface ImportLanguage {
  readonly name: SourceLanguage;
  find(source: string): DeclaredImport[];
  readonly writing: Writing;
}

const C_TYPES: Readonly<Record<HostType | 'nothing', string>> = {
  i32: 'int32_t',
  i64: 'int64_t',
  f32: 'float',
  f64: 'double',
  nothing: 'void',
};

const LANGUAGES: Readonly<Record<SourceLanguage, ImportLanguage>> = {
  rust: {
    name: 'rust',
    find: rustImports,
    writing: {
      param: (name, type) => `${name}: ${type}`,
      type: (type) => (type === 'nothing' ? '()' : type),
      result: (type) => ` -> ${type}`,
    },
  },
  c: {
    name: 'c',
    find: cImports,
    writing: {
      param: (name, type) => `${C_TYPES[type]} ${name}`,
      type: (type) => C_TYPES[type],
      result: () => null,
    },
  },
  assemblyscript: {
    name: 'assemblyscript',
    find: assemblyScriptImports,
    writing: {
      param: (name, type) => `${name}: ${type}`,
      type: (type) => (type === 'nothing' ? 'void' : type),
      result: (type) => `: ${type}`,
    },
  },
};

/** What VS Code and other editors call the languages. */
const NAMES: Readonly<Record<string, SourceLanguage>> = {
  rust: 'rust',
  c: 'c',
  cpp: 'c',
  typescript: 'assemblyscript',
  assemblyscript: 'assemblyscript',
};

/** The language that an editor calls by a name, if it is one whose imports are looked at. */
export function importLanguage(name: string): ImportLanguage | undefined {
  const language = NAMES[name];
  return language === undefined ? undefined : LANGUAGES[language];
}

/** What follows the `fn` of a declaration in Rust, where a function is declared under its own name. */
export function declarationOf(fn: HostFunction, { writing }: ImportLanguage): string {
  const params = fn.params.map((type, i) => writing.param(fn.paramNames[i] ?? `p${i}`, type)).join(', ');
  const [result] = fn.results;
  return `${fn.name}(${params})${result === undefined ? '' : (writing.result(result) ?? '')};`;
}
