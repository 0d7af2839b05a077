import type { SourceLanguage } from '../../runtime/internal.ts';

/** Arguments of generic types that are hardly ever anything else. */
const RUST_DEFAULTS =
  /, (?:alloc::alloc::Global|std::(?:hash::random|collections::hash::map)::RandomState)(?=[,>])/g;
const CPP_DEFAULTS =
  /, (?:const )?std::(?:allocator|less|default_delete|hash|equal_to|char_traits)<(?:[^<>]|<(?:[^<>]|<(?:[^<>]|<[^<>]*>)*>)*>)*>(?= ?[,>])/g;
const CPP_STRING = /std::basic_string(_view)?<char>/g;

/** The name of a type as people write it, without what goes without saying. */
export function typeName(label: string, language: SourceLanguage): string {
  if (label.length > 2000) return label;
  if (language === 'Rust')
    return label.replace(RUST_DEFAULTS, '').replace(/\b[a-z_]\w*::(?=[\w{<&[(*])/g, '');
  if (language !== 'C++') return label;
  return label
    .replace(/\bstd::__\d+::/g, 'std::')
    .replace(CPP_DEFAULTS, '')
    .replace(/ +>/g, '>')
    .replace(CPP_STRING, 'std::string$1');
}

/** C's types of wide characters. */
const WIDE: ReadonlySet<string> = new Set(['wchar_t', 'char16_t', 'char32_t']);

export function isWideCharacter(name: string | null): boolean {
  return name !== null && WIDE.has(name);
}
