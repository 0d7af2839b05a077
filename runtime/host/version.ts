import { Namespace } from '../hostcall/function.ts';

/** `lunatic::version` (abi 13): the release of upstream whose host API this is. */
export const version = new Namespace('lunatic::version');

for (const [part, number] of [
  ['major', 0],
  ['minor', 13],
  ['patch', 2],
] as const) {
  version.define(
    part,
    '() -> i32',
    { since: '0.7.2' },
    `Returns the ${part} number of the host API's version, ${number}.`,
    () => () => number,
  );
}
