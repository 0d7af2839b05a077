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
  const fields = dottedNamesIn(expression).filter((name) => scope.find(name) !== undefined);
  for (const name of namesIn(expression))
    if (scope.find(name) === undefined && !fields.some((field) => field.startsWith(`${name}.`)))
      throw new ExpressionError(`there is no ${name} here`);
  return (context) => compileExpression(expression, scope.at?.(context) ?? scope);
}
