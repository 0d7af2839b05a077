import GithubSlugger from 'github-slugger';

/** A heading of a document. */
export interface Heading {
  readonly text: string;
  /** What a link to it has after `#`. */
  readonly anchor: string;
}

/** A link or picture of a document. */
export interface Link {
  readonly target: string;
  /** Counts from 1. */
  readonly line: number;
}

/** A document without its code, every line in its place. */
export function withoutCode(markdown: string): string {
  const fenced = /^( *)(```+|~~~+)[^\n]*\n[\s\S]*?^\1\2[ ]*$/gm;
  const blank = (code: string) => code.replace(/[^\n]/g, ' ');
  return markdown.replace(fenced, blank).replace(/(`+)(?!`)[^\n]*?[^`]\1(?!`)/g, blank);
}

export function headings(markdown: string): readonly Heading[] {
  const slugger = new GithubSlugger();
  const fenced = /^( *)(```+|~~~+)[^\n]*\n[\s\S]*?^\1\2[ ]*$/gm;
  return [...markdown.replace(fenced, '').matchAll(/^#{1,6} (.+?) *#*$/gm)].map(([, title = '']) => {
    const text = title.replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '');
    return { text, anchor: slugger.slug(text) };
  });
}

export function links(markdown: string): readonly Link[] {
  const text = withoutCode(markdown);
  const inline = /\[(?:[^\]\\]|\\.)*\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g;
  const pictures = /!\[[^\]]*\]\(\s*([^)\s]+)\s*\)/g;
  const references = /^\[[^\]]+\]:\s+(\S+)/gm;
  const html = /<(?:img|a)\s[^>]*?(?:src|href)="([^"]+)"/g;
  return [inline, pictures, references, html].flatMap((pattern) =>
    [...text.matchAll(pattern)].map(({ 1: target = '', index }) => ({
      target,
      line: text.slice(0, index).split('\n').length,
    })),
  );
}
