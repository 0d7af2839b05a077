import { isDeepStrictEqual } from 'node:util';
import { parse, stringify, type TomlTable } from 'smol-toml';

/** A string to put into a document: in a table, under a key. */
export interface TomlSetting {
  readonly table: readonly string[];
  readonly key: string;
  readonly value: string;
}

/**
 * Puts strings into a TOML document and keeps comments and layout: lines are added or changed if the document is laid out as
 * most are. Otherwise it is written anew from its data, and comments are lost.
 */
export function setInToml(text: string, settings: readonly TomlSetting[]): string {
  return settings.reduce(setOne, text);
}

function setOne(text: string, setting: TomlSetting): string {
  const wanted = parse(text);
  tableAt(wanted, setting.table)[setting.key] = setting.value;
  const edited = editLines(text, setting);
  return isDeepStrictEqual(parsed(edited), wanted) ? edited : stringify(wanted);
}

function parsed(text: string): TomlTable | null {
  try {
    return parse(text);
  } catch {
    return null;
  }
}

function tableAt(document: TomlTable, path: readonly string[]): TomlTable {
  let table = document;
  for (const name of path) {
    // The parser makes tables in the same way.
    table[name] ??= Object.create(null) as TomlTable;
    table = table[name] as TomlTable;
  }
  return table;
}

/** Makes the edit that a person would make. The caller checks whether the result is right. */
function editLines(text: string, { table, key, value }: TomlSetting): string {
  const line = `${key} = "${value}"`;
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text.split(/\r?\n/);
  const header = lines.findIndex((candidate) => isHeader(candidate, table));
  if (header < 0) {
    const before = text === '' ? '' : text.endsWith('\n') ? `${text}${end}` : `${text}${end}${end}`;
    return `${before}[${table.join('.')}]${end}${line}${end}`;
  }
  const next = lines.findIndex((candidate, i) => i > header && /^\s*\[/.test(candidate));
  const present = lines.findIndex(
    (candidate, i) => i > header && (next < 0 || i < next) && new RegExp(`^\\s*${key}\\s*=`).test(candidate),
  );
  if (present < 0) lines.splice(header + 1, 0, line);
  else lines[present] = (lines[present] ?? '').replace(/=\s*(".*?"|'.*?')/, `= "${value}"`);
  return lines.join(end);
}

/** `[target.wasm32-wasi]`, perhaps with quotes, blanks and a comment. */
function isHeader(line: string, path: readonly string[]): boolean {
  const [, name] = /^\s*\[([^[\]]+)\]\s*(#.*)?$/.exec(line) ?? [];
  return name?.replaceAll(/["'\s]/g, '') === path.join('.');
}
