/** Prints arguments of const generics in v0 mangling, from plain integers to values of structs. */

import { boolLiteral, charLiteral, integerLiteral, stringLiteral } from './v0-literals.ts';
import type { SymbolOutput } from './v0-output.ts';
import { MalformedSymbol } from './v0-reader.ts';

/** Letters of the integer types, the same as for types. */
const SIGNED = 'aslxni';
const UNSIGNED = 'htmyoj';

/**
 * Prints the next constant.
 * @param isInside whether it is part of an array type or of another constant, where compound values have no braces
 * @param path prints the name of a struct or variant
 */
export function printConstant(out: SymbolOutput, isInside: boolean, path: () => void): void {
  out.nested(() => {
    const tag = out.reader.next();
    if (tag === 'B') {
      out.backReference(() => printConstant(out, isInside, path));
    } else if (!printLiteral(out, tag)) {
      if (!isInside) out.print('{');
      printCompound(out, tag, path);
      if (!isInside) out.print('}');
    }
  });
}

/** Prints a constant that Rust accepts as an argument without braces. Returns false if it is not one. */
function printLiteral(out: SymbolOutput, tag: string): boolean {
  if (UNSIGNED.includes(tag)) {
    out.print(integerLiteral(out.reader.hexDigits()));
  } else if (SIGNED.includes(tag)) {
    if (out.reader.eat('n')) out.print('-');
    out.print(integerLiteral(out.reader.hexDigits()));
  } else if (tag === 'b') {
    out.print(boolLiteral(out.reader.hexDigits()));
  } else if (tag === 'c') {
    out.print(charLiteral(out.reader.hexDigits()));
  } else if (tag === 'p') {
    out.print('_');
  } else if (tag === 'R' && out.reader.eat('e')) {
    // A string literal is a reference to a `str`.
    out.print(stringLiteral(out.reader.hexDigits()));
  } else {
    return false;
  }
  return true;
}

function printCompound(out: SymbolOutput, tag: string, path: () => void): void {
  const element = (): void => printConstant(out, true, path);
  switch (tag) {
    case 'e':
      out.print(`*${stringLiteral(out.reader.hexDigits())}`);
      break;
    case 'R':
    case 'Q':
      out.print(tag === 'R' ? '&' : '&mut ');
      element();
      break;
    case 'A':
      out.print('[');
      out.list(', ', element);
      out.print(']');
      break;
    case 'T':
      out.tuple(element);
      break;
    case 'V':
      path();
      printFields(out, element);
      break;
    default:
      throw new MalformedSymbol();
  }
}

/** Prints what follows the name in a value of a struct or an enum: nothing, a tuple, or named fields. */
function printFields(out: SymbolOutput, element: () => void): void {
  switch (out.reader.next()) {
    case 'U':
      break;
    case 'T':
      out.print('(');
      out.list(', ', element);
      out.print(')');
      break;
    case 'S':
      out.print(' { ');
      out.list(', ', () => {
        out.identifier(out.reader.identifier());
        out.print(': ');
        element();
      });
      out.print(' }');
      break;
    default:
      throw new MalformedSymbol();
  }
}
