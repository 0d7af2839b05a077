/** How a person may name a function: the last parts of its path, with or without arguments of generics and the list of parameters. */

/** A name in its parts. */
interface FunctionPath {
  /** Namespaces, types and the function, outermost first. */
  readonly parts: readonly string[];
  /** The types of its parameters, as in `(int,char)`; null if they are not named. */
  readonly parameters: string | null;
}

/** Names of more characters are only meant by the same name: what a module says may be of any length. */
const MAX_NAME = 4096;

const OPENING = '<([{';
const CLOSING = '>)]}';

/** Operators of C++, whose names have brackets and spaces in them. */
const OPERATOR =
  /operator(?:\(\)|\[\]|""\s*\w+|\s?(?:new|delete)(?:\[\])?|->\*?|<=>|[<>]{1,2}=?|[-+*/%^&|~!=,]{1,2}=?| [^(]+)/y;

/** Parts that nobody writes: namespaces without a name, and those that versions of libraries have. */
const UNWRITTEN = /^(?:\(anonymous namespace\)|__\d+)$/;

/** Whether a module calls a `main` of C or C++ so: compilers have names of their own for those without parameters, and for those with them. */
export function isRenamedMain(name: string): boolean {
  return /^__(?:original_main|main_void|main_argc_argv)$/.test(name);
}

/** Tests whether functions are meant by a name, which may also be their whole name. */
export function nameTest(wanted: string): (name: string) => boolean {
  // Authors of text modules write names with a `$`, which is no part of them.
  const named = wanted.replace(/^\$/, '').trim();
  const path = pathOf(named);
  // Most names have not even its last word.
  const last = /\w*$/.exec(withoutArguments(path.parts.at(-1) ?? ''))?.[0] ?? '';
  return (name) =>
    name === named || (name.length <= MAX_NAME && name.includes(last) && isMeant(pathOf(name), path));
}

function isMeant(name: FunctionPath, wanted: FunctionPath): boolean {
  // Most languages have no parameters in names.
  if ((wanted.parameters ?? name.parameters) !== (name.parameters ?? wanted.parameters)) return false;
  return alternatives(name.parts).some((parts) => endsWith(parts, wanted.parts));
}

/** The paths that lead to a method of Rust: through its type, and through its trait. */
function alternatives(parts: readonly string[]): (readonly string[])[] {
  const at = parts.findIndex((part) => part.startsWith('<'));
  const { type, trait } = implementation(parts[at] ?? '');
  const rest = parts.slice(at + 1);
  const paths = [type, trait].flatMap((owner) => (owner === null ? [] : [[...pathOf(owner).parts, ...rest]]));
  return [parts, ...paths];
}

/** What `<Type as Trait>`, `<impl Trait for Type>` or `<Type>` is about. */
function implementation(part: string): { readonly type: string | null; readonly trait: string | null } {
  const inside = /^<(?:impl )?(.*)>$/.exec(part)?.[1];
  if (inside === undefined) return { type: null, trait: null };
  const isImpl = part.startsWith('<impl ');
  const between = isImpl ? ' for ' : ' as ';
  const at = outsideBrackets(inside, between);
  if (at < 0) return { type: inside, trait: null };
  const [first, second] = [inside.slice(0, at), inside.slice(at + between.length)];
  return isImpl ? { type: second, trait: first } : { type: first, trait: second };
}

function endsWith(parts: readonly string[], wanted: readonly string[]): boolean {
  let at = parts.length - 1;
  for (const part of wanted.toReversed()) {
    while (at >= 0 && !isSame(parts[at] ?? '', part) && UNWRITTEN.test(parts[at] ?? '')) at--;
    if (at < 0 || !isSame(parts[at] ?? '', part)) return false;
    at--;
  }
  return true;
}

function isSame(part: string, wanted: string): boolean {
  if (part === wanted || withoutArguments(part) === wanted) return true;
  if (!part.startsWith('<') || !wanted.startsWith('<')) return false;
  const [a, b] = [implementation(part), implementation(wanted)];
  return isSuffix(a.type, b.type) && isSuffix(a.trait, b.trait);
}

function isSuffix(path: string | null, wanted: string | null): boolean {
  if (path === null || wanted === null) return path === wanted;
  return endsWith(pathOf(path).parts, pathOf(wanted).parts);
}

/** A part without the arguments of its generics: `Square<3>` is `Square`. */
function withoutArguments(part: string): string {
  if (part.startsWith('<') || part.startsWith('operator')) return part;
  let text = '';
  let depth = 0;
  for (const [i, char] of [...part].entries()) {
    if (char === '<') depth++;
    if (depth === 0) text += char;
    if (char === '>' && part[i - 1] !== '-') depth--;
  }
  return text;
}

/** Where a text stands in another one, outside of brackets; -1 if it does not. */
function outsideBrackets(text: string, wanted: string): number {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (depth === 0 && text.startsWith(wanted, at)) return at;
    depth += depthChange(text, at);
  }
  return -1;
}

function depthChange(text: string, at: number): number {
  const char = text[at] ?? '';
  if (OPENING.includes(char)) return 1;
  return CLOSING.includes(char) && !(char === '>' && text[at - 1] === '-') ? -1 : 0;
}

/** Takes a name apart: at `::`, and at the `/` of AssemblyScript. A result type in front is left out. */
function pathOf(name: string): FunctionPath {
  const text = name
    .replace(/::<(?!impl )/g, '<')
    .replace(/(?<!\s)\s+,/g, ',')
    .replace(/,\s+/g, ',');
  const parts: string[] = [];
  let part = '';
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if (depth === 0) {
      OPERATOR.lastIndex = at;
      const operator = part === '' ? OPERATOR.exec(text)?.[0] : undefined;
      if (operator !== undefined) {
        part = operator;
        at += operator.length - 1;
        continue;
      }
      if (char === '(' && !text.startsWith('(anonymous', at) && part !== '') {
        const end = closingOf(text, at);
        // A function around another one is a part of its path; behind those of the innermost, `const` may follow.
        if (!text.startsWith('::', end)) return { parts: [...parts, part], parameters: text.slice(at, end) };
        at = end - 1;
        continue;
      }
      const isSeparator = text.startsWith('::', at);
      if (isSeparator || char === '/') {
        parts.push(part);
        part = '';
        if (isSeparator) at++;
        continue;
      }
      if (char === ' ') {
        parts.length = 0;
        part = '';
        continue;
      }
    }
    depth += depthChange(text, at);
    part += char;
  }
  return { parts: [...parts, part], parameters: null };
}

/** Where the bracket ends that opens at an offset. */
function closingOf(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    depth += depthChange(text, at);
    if (depth === 0) return at + 1;
  }
  return text.length;
}
