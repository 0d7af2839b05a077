import type { Code, Context, Scope } from './code.ts';
import { compileExpression } from './compile-expression.ts';
import { ExpressionError } from './expression-error.ts';
import { dottedNamesIn, type Expression, namesIn } from './syntax.ts';

/**
 * Makes an expression ready to be evaluated, whether the types of its names are known or depend on what is there.
 * @returns its code for one evaluation
 * @throws ExpressionError as `compileExpression`; where types depend on what is there, only if a name is not there
 */
export function prepareExpression<In extends Context>(
  expression: Expression,
  scope: Scope<In>,
): (context: In) => Code<In> {
  if (scope.at === undefined) {
    const code = compileExpression(expression, scope);
    return () => code;
  }
  const fields = dottedNamesIn(expression);
  for (const name of namesIn(expression)) {
    if (scope.find(name) !== undefined) continue;
    const own = fields.filter((field) => field.startsWith(`${name}.`));
    const missing = own.filter((field) => scope.find(field) === undefined);
    if (missing.length === own.length) throw new ExpressionError(`there is no ${name} here`);
    if (missing.length > 0) throw new ExpressionError(`there is no ${missing[0]} here`);
  }
  return (context) => compileExpression(expression, scope.at?.(context) ?? scope);
}
