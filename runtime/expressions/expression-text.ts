import type { Expression } from './syntax.ts';

/** A path to a variable or to a part of it, as somebody may type it; null for anything else. */
export function pathText(expression: Expression): string | null {
  switch (expression.kind) {
    case 'name':
      return expression.name;
    case 'integer':
      return String(expression.value);
    case 'member': {
      const of = pathText(expression.of);
      return of === null ? null : `${parenthesised(of)}.${expression.name}`;
    }
    case 'index': {
      const of = pathText(expression.of);
      const index = pathText(expression.index);
      return of === null || index === null ? null : `${parenthesised(of)}[${index}]`;
    }
    case 'unary': {
      const operand = pathText(expression.operand);
      return operand === null ? null : `${expression.operator}${operand}`;
    }
    case 'binary': {
      const left = pathText(expression.left);
      const right = pathText(expression.right);
      return left === null || right === null ? null : `(${left} ${expression.operator} ${right})`;
    }
    case 'cast': {
      const operand = pathText(expression.operand);
      const { name, pointers } = expression.to;
      return operand === null ? null : `((${name}${'*'.repeat(pointers)})${operand})`;
    }
    default:
      return null;
  }
}

function parenthesised(path: string): string {
  return /^[\w$(]/.test(path) ? path : `(${path})`;
}
