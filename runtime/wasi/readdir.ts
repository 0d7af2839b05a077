import { andThen } from '../hostcall/conventions.ts';
import { encodeEntry } from './directory-reader.ts';
import { Errno, errnoOrThrow } from './errno.ts';
import { directoryOf, unsignedOf } from './lookup.ts';
import { preview1, SINCE } from './preview1.ts';
import { Right } from './rights.ts';

/** Entries that are read before giving way. */
const CHUNK = 64;

preview1.define(
  'fd_readdir',
  '(fd: i32, buf: i32, buf_len: i32, cookie: i64, used: i32) -> i32',
  { since: SINCE, blocking: true, split: true },
  'Lists a directory from an entry on. A buffer that is not full is the end; the last entry in a full one may be cut.',
  ({ scheduler }) =>
    (fd: number, buffer: number, length: number, low: number, high: number, used: number) => {
      const process = scheduler.current;
      const descriptor = directoryOf(process, fd, Right.FdReaddir);
      if (typeof descriptor === 'number') return descriptor;
      const { memory } = process;
      const size = length >>> 0;
      const start = memory.check(buffer, size);
      memory.check(used, 4);
      const reader = descriptor.readerFor(process.account);
      let cookie = unsignedOf(low, high);
      let filled = 0;
      let ready = false;

      const go = (): Errno | Promise<Errno> => {
        try {
          for (;;) {
            ready ||= reader.seek(cookie, CHUNK);
            if (ready) {
              for (let i = 0; i < CHUNK && filled < size; i++) {
                const entry = reader.entry(cookie);
                if (entry === undefined) return finish();
                const bytes = encodeEntry(entry, cookie++).subarray(0, size - filled);
                memory.write(start + filled, bytes);
                filled += bytes.length;
                // Its attributes are asked for.
                scheduler.work.chargeSystem(1);
              }
              if (filled === size) return finish();
            }
            const suspended = scheduler.tick();
            if (suspended !== undefined) return andThen(suspended, go);
          }
        } catch (error) {
          return errnoOrThrow(error);
        }
      };
      const finish = (): Errno => {
        memory.writeU32(used, filled);
        return Errno.Success;
      };
      return go();
    },
);
