import { ExpressionError } from './expression-error.ts';

/** Which of the hits of a breakpoint stop: counted from 1. */
export type HitCondition = (hits: number) => boolean;

/**
 * Reads `5` (the fifth hit), `>= 5`, `< 5` and the like, or `% 3` (each third one).
 * @throws ExpressionError if it is something else
 */
export function parseHitCondition(text: string): HitCondition {
  const [, operator = '', digits = ''] = /^\s*(==?|!=|>=?|<=?|%)?\s*(\d{1,15})\s*$/.exec(text) ?? [];
  if (digits === '') throw new ExpressionError('a hit count is a number, as in 5, >= 5 or % 3');
  const number = Number(digits);
  switch (operator) {
    case '>':
      return (hits) => hits > number;
    case '>=':
      return (hits) => hits >= number;
    case '<':
      return (hits) => hits < number;
    case '<=':
      return (hits) => hits <= number;
    case '!=':
      return (hits) => hits !== number;
    case '%':
      if (number === 0) throw new ExpressionError('there is no hit that is each 0th one');
      return (hits) => hits % number === 0;
    default:
      return (hits) => hits === number;
  }
}
