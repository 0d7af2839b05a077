/**
 * Rust's v0 symbol mangling (RFC 2603): a prefix grammar that spells out the whole path with its generic
 * arguments, and refers back to text it has already written. The letters are those of the rustc book's chapter
 * "v0 Symbol Format".
 */

import { readableSuffix } from './mangling-suffix.ts';
import { printConstant } from './v0-constants.ts';
import { SymbolOutput } from './v0-output.ts';
import { MalformedSymbol } from './v0-reader.ts';

const BASIC_TYPES: ReadonlyMap<string, string> = new Map([
  ['a', 'i8'],
  ['b', 'bool'],
  ['c', 'char'],
  ['d', 'f64'],
  ['e', 'str'],
  ['f', 'f32'],
  ['h', 'u8'],
  ['i', 'isize'],
  ['j', 'usize'],
  ['l', 'i32'],
  ['m', 'u32'],
  ['n', 'i128'],
  ['o', 'u128'],
  ['p', '_'],
  ['s', 'i16'],
  ['t', 'u16'],
  ['u', '()'],
  ['v', '...'],
  ['x', 'i64'],
  ['y', 'u64'],
  ['z', '!'],
]);

/** Namespaces of things that have no name in the source. Others are printed as their letter. */
const SPECIAL_NAMESPACES: ReadonlyMap<string, string> = new Map([
  ['C', 'closure'],
  ['S', 'shim'],
]);

/**
 * Returns the readable path of a v0-mangled symbol, or undefined if `symbol` is not one, nests too deep, or would be longer
 * than `maxLength`.
 */
export function demangleV0(symbol: string, maxLength: number): string | undefined {
  const start = symbol.startsWith('_R') ? 2 : symbol.startsWith('__R') ? 3 : -1;
  if (start < 0) return undefined;
  try {
    const out = new SymbolOutput(symbol.slice(start), maxLength);
    printSymbol(out);
    return out.text;
  } catch (error) {
    if (error instanceof MalformedSymbol) return undefined;
    throw error;
  }
}

function printSymbol(out: SymbolOutput): void {
  printPath(out, true);
  // The crate that a generic function was compiled in, which says nothing about the function.
  if (/^[A-Z]/.test(out.reader.peek())) out.silently(() => printPath(out, false));
  const suffix = readableSuffix(out.reader.rest);
  if (suffix === undefined) throw new MalformedSymbol();
  out.print(suffix);
}

/** Prints a path. @param inValue whether it is in an expression, where generic arguments need the turbofish */
function printPath(out: SymbolOutput, inValue: boolean): void {
  out.nested(() => {
    switch (out.reader.next()) {
      case 'C':
        // Its disambiguator is the crate's hash.
        out.identifier(out.reader.identifier());
        break;
      case 'N':
        printNestedPath(out, inValue);
        break;
      case 'M':
        skipImplPath(out);
        printQualifiedType(out, false);
        break;
      case 'X':
        skipImplPath(out);
        printQualifiedType(out, true);
        break;
      case 'Y':
        printQualifiedType(out, true);
        break;
      case 'I':
        printPath(out, inValue);
        out.print(inValue ? '::<' : '<');
        out.list(', ', () => printGenericArgument(out));
        out.print('>');
        break;
      case 'B':
        out.backReference(() => printPath(out, inValue));
        break;
      default:
        throw new MalformedSymbol();
    }
  });
}

function printNestedPath(out: SymbolOutput, inValue: boolean): void {
  const namespace = out.reader.next();
  if (!/^[A-Za-z]$/.test(namespace)) throw new MalformedSymbol();
  printPath(out, inValue);
  const name = out.reader.identifier();
  if (namespace >= 'a') {
    // Lowercase namespaces are the compiler's own business, and unnamed members of them too.
    if (name.text !== '') out.print('::');
    out.identifier(name);
    return;
  }
  out.print(`::{${SPECIAL_NAMESPACES.get(namespace) ?? namespace}`);
  if (name.text !== '') out.print(':');
  out.identifier(name);
  if (!Number.isSafeInteger(name.disambiguator)) throw new MalformedSymbol();
  out.print(`#${name.disambiguator}}`);
}

/** Skips the path of an `impl` block. Its type and trait say more. */
function skipImplPath(out: SymbolOutput): void {
  out.reader.optionalBase62('s');
  out.silently(() => printPath(out, false));
}

function printQualifiedType(out: SymbolOutput, hasTrait: boolean): void {
  out.print('<');
  printType(out);
  if (hasTrait) {
    out.print(' as ');
    printPath(out, false);
  }
  out.print('>');
}

function printGenericArgument(out: SymbolOutput): void {
  if (out.reader.eat('L')) out.lifetime(out.reader.base62());
  else if (out.reader.eat('K')) printConst(out, false);
  else printType(out);
}

function printConst(out: SymbolOutput, isInside: boolean): void {
  printConstant(out, isInside, () => printPath(out, true));
}

function printType(out: SymbolOutput): void {
  out.nested(() => {
    const tag = out.reader.peek();
    const basic = BASIC_TYPES.get(tag);
    if (basic !== undefined) {
      out.reader.next();
      out.print(basic);
    } else if ('CNMXYI'.includes(tag)) {
      // The path reads its tag itself. An empty tag, which is the end of the symbol, comes here as well and fails.
      printPath(out, false);
    } else {
      out.reader.next();
      printCompoundType(out, tag);
    }
  });
}

function printCompoundType(out: SymbolOutput, tag: string): void {
  switch (tag) {
    case 'A':
      out.print('[');
      printType(out);
      out.print('; ');
      printConst(out, true);
      out.print(']');
      break;
    case 'S':
      out.print('[');
      printType(out);
      out.print(']');
      break;
    case 'T':
      out.tuple(() => printType(out));
      break;
    case 'R':
    case 'Q':
      printReference(out, tag === 'Q');
      break;
    case 'P':
    case 'O':
      out.print(tag === 'P' ? '*const ' : '*mut ');
      printType(out);
      break;
    case 'F':
      out.binder(() => printFunctionPointer(out));
      break;
    case 'D':
      printTraitObject(out);
      break;
    case 'W':
      printType(out);
      out.print(' is ');
      printPattern(out);
      break;
    case 'w':
      // Only in signatures: an argument that takes the place of several. Newer than the book's chapter.
      out.print('#[splat] ');
      printType(out);
      break;
    case 'B':
      out.backReference(() => printType(out));
      break;
    default:
      throw new MalformedSymbol();
  }
}

function printReference(out: SymbolOutput, isMutable: boolean): void {
  out.print('&');
  const lifetime = out.reader.eat('L') ? out.reader.base62() : 0;
  if (lifetime > 0) {
    out.lifetime(lifetime);
    out.print(' ');
  }
  if (isMutable) out.print('mut ');
  printType(out);
}

function printFunctionPointer(out: SymbolOutput): void {
  if (out.reader.eat('U')) out.print('unsafe ');
  if (out.reader.eat('K')) out.print(`extern "${readAbi(out)}" `);
  out.print('fn(');
  out.list(', ', () => printType(out));
  out.print(')');
  // `-> ()` goes without saying.
  if (out.reader.eat('u')) return;
  out.print(' -> ');
  printType(out);
}

function readAbi(out: SymbolOutput): string {
  if (out.reader.eat('C')) return 'C';
  const name = out.reader.plainIdentifier();
  if (name.text === '' || name.isPunycode) throw new MalformedSymbol();
  // No ABI has an underscore in its name: they stand for dashes, which a symbol cannot have.
  return name.text.replaceAll('_', '-');
}

function printTraitObject(out: SymbolOutput): void {
  out.print('dyn ');
  out.binder(() => out.list(' + ', () => printObjectBound(out)));
  // This is outside the binder, which is only for the traits.
  if (!out.reader.eat('L')) throw new MalformedSymbol();
  const lifetime = out.reader.base62();
  if (lifetime === 0) return;
  out.print(' + ');
  out.lifetime(lifetime);
}

/** Prints a trait. Its associated types go into the same angle brackets as its generic arguments. */
function printObjectBound(out: SymbolOutput): void {
  let isOpen = printOpenPath(out);
  while (out.reader.eat('p')) {
    out.print(isOpen ? ', ' : '<');
    isOpen = true;
    out.identifier(out.reader.plainIdentifier());
    out.print(' = ');
    if (out.reader.eat('K')) printConst(out, false);
    else printType(out);
  }
  if (isOpen) out.print('>');
}

/** Prints a path as in types, but without the `>` of its generic arguments. Returns whether there are any. */
function printOpenPath(out: SymbolOutput): boolean {
  let isOpen = false;
  out.nested(() => {
    if (out.reader.eat('B')) {
      out.backReference(() => {
        isOpen = printOpenPath(out);
      });
    } else if (out.reader.eat('I')) {
      printPath(out, false);
      out.print('<');
      out.list(', ', () => printGenericArgument(out));
      isOpen = true;
    } else {
      printPath(out, false);
    }
  });
  return isOpen;
}

/** Prints the part of its base type's values that a pattern type is limited to. */
function printPattern(out: SymbolOutput): void {
  out.nested(() => {
    switch (out.reader.next()) {
      case 'R':
        printConst(out, true);
        out.print('..=');
        printConst(out, true);
        break;
      case 'O':
        out.list(' | ', () => printPattern(out));
        break;
      case 'N':
      case 'u':
        // rustc writes the letter of `()` for this one.
        out.print('!null');
        break;
      default:
        throw new MalformedSymbol();
    }
  });
}
