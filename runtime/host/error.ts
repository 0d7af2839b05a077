import { Namespace } from '../hostcall/function.ts';

/** `lunatic::error` (abi 5): texts of failed calls. */
export const error = new Namespace('lunatic::error');

error.define(
  'string_size',
  '(error_id: i64) -> i32',
  { since: '0.5.0' },
  "Returns the length of an error's text in UTF-8 bytes.",
  ({ scheduler }) =>
    (id: bigint) => {
      const text = scheduler.current.errors.get(id);
      scheduler.work.chargeBytes(text.length);
      return Buffer.byteLength(text);
    },
);

error.define(
  'to_string',
  '(error_id: i64, error_str_ptr: i32)',
  { since: '0.5.0' },
  "Writes an error's text, exactly `string_size` bytes, without a terminator.",
  ({ scheduler }) =>
    (id: bigint, pointer: number) => {
      const process = scheduler.current;
      process.memory.writeString(pointer, process.errors.get(id));
    },
);

error.define(
  'drop',
  '(error_id: i64)',
  { since: '0.5.0' },
  'Releases an error.',
  ({ scheduler }) =>
    (id: bigint) => {
      scheduler.current.errors.remove(id);
    },
);
