import type { Shower } from '../show-value.ts';
import { addressOf, inMemory, type Shown, type Value } from '../value.ts';

/** A `std::any`, by the function that handles what it holds: a small value is in itself, a large one behind a pointer. */
export async function showAny(shower: Shower, value: Value, depth: number): Promise<Shown | null> {
  const { reader } = shower;
  const member = async (name: string) =>
    (await reader.member(value, name)) ?? (await reader.member(value, `${name}_`));
  const index = await reader.number(await member('__h'));
  const storage = await member('__s');
  if (index === null || storage === null) return null;
  if (index === 0) return { text: 'empty', isMade: true };
  const handler = await reader.functionText(index);
  const [, name, size, of] = /\b(_(Small|Large)Handler<(.+)>)::__handle\b/.exec(handler ?? '') ?? [];
  if (name === undefined) return null;
  // Compilers differ in the space that closes two lists of arguments.
  const type = (await reader.typeNamed(name)) ?? (await reader.typeNamed(name.replace(/ >/g, '>')));
  const held = await reader.argument({ ...storage, type }, '_Tp');
  const address =
    size === 'Small' ? addressOf(storage) : await reader.number(await reader.member(storage, '__ptr'));
  if (held === null || address === null) return { text: `of ${of}`, isMade: true };
  const target = inMemory(held, address);
  return { ...(await shower.covered(target, depth)), target, isMade: true };
}
