import type { SourceLanguage } from '../../runtime/internal.ts';
import { showCpp } from './cpp/index.ts';
import { showRust } from './rust/index.ts';
import type { Formatter } from './show-value.ts';

const NONE: Formatter = () => Promise.resolve(null);

/** How values of a language are displayed, besides what they consist of. */
export function formatterOf(language: SourceLanguage): Formatter {
  if (language === 'Rust') return showRust;
  return language === 'C++' ? showCpp : NONE;
}
