import { FAILED, fail, OK, timeoutFromGuest } from '../../hostcall/conventions.ts';
import { older } from '../../hostcall/function.ts';
import type { Process } from '../../kernel/process.ts';
import { hostBytes, scopeOf } from '../../net/endpoint.ts';
import { endpoints, lookUp, parseTarget, ResolveError, type Target } from '../../net/resolve.ts';
import { connectRefusal, learnAddresses, mayResolve } from '../../permissions/network-permission.ts';
import { addIterator, succeed } from './addresses.ts';
import { networking } from './namespace.ts';
import { ADDRESS_ITERATORS } from './resources.ts';
import { oldTimeout, waitWithTimeout } from './timeouts.ts';

/** The result of `resolve_next` at the end. */
const EXHAUSTED = 1;

/** Reads a name and a port. If that fails, it stores an error and returns undefined. */
function target(process: Process, text: string, idPointer: number): Target | undefined {
  try {
    return parseTarget(text);
  } catch (error) {
    if (!(error instanceof ResolveError)) throw error;
    fail(process, idPointer, error.message);
    return undefined;
  }
}

networking.define(
  'resolve',
  '(name_str_ptr: i32, name_str_len: i32, timeout_duration: i64, id_u64_ptr: i32) -> i32',
  {
    since: '0.5.0',
    needs: 'connect',
    blocking: true,
    older: [
      older(
        '(i32, i32, i32, i32) -> i32',
        (current) => (name: number, length: number, timeout: number, idPointer: number) =>
          current(name, length, oldTimeout(timeout), idPointer),
      ),
    ],
  },
  'Resolves `host:port` to an iterator over addresses.',
  ({ scheduler }) =>
    (name: number, length: number, timeout: bigint, idPointer: number) => {
      const process = scheduler.current;
      const text = process.memory.string(name, length);
      process.memory.check(idPointer, 8);
      const wanted = target(process, text, idPointer);
      if (wanted === undefined) return FAILED;
      if (wanted.version !== 'name') return succeed(process, idPointer, addIterator(process, [wanted]));
      const { host, port } = wanted;
      if (!mayResolve(process.config, host))
        return fail(process, idPointer, connectRefusal(process.config, `resolve ${host}`));
      return waitWithTimeout(scheduler, process, idPointer, timeoutFromGuest(timeout), (wake) =>
        lookUp(host, (result) => {
          if (result instanceof ResolveError) {
            wake(fail(process, idPointer, result.message));
          } else {
            learnAddresses(process.config, host, result);
            wake(succeed(process, idPointer, addIterator(process, endpoints(result, port))));
          }
        }),
      );
    },
);

networking.define(
  'drop_dns_iterator',
  '(dns_iter_id: i64)',
  { since: '0.5.0' },
  'Releases an address iterator.',
  ({ scheduler }) =>
    (id: bigint) => {
      scheduler.current.slot(ADDRESS_ITERATORS).remove(id);
    },
);

networking.define(
  'resolve_next',
  '(dns_iter_id: i64, addr_type_u32_ptr: i32, addr_u8_ptr: i32, port_u16_ptr: i32, flow_info_u32_ptr: i32, scope_id_u32_ptr: i32) -> i32',
  { since: '0.5.0' },
  'Writes the next address of an iterator. Returns 1 at the end.',
  ({ scheduler }) =>
    (id: bigint, type: number, address: number, port: number, flowInfo: number, scopeId: number) => {
      const { current } = scheduler;
      const next = current.slot(ADDRESS_ITERATORS).get(id).rest.pop();
      if (next === undefined) return EXHAUSTED;
      const { memory } = current;
      memory.writeU32(type, next.version);
      memory.write(address, hostBytes(next));
      memory.writeU16(port, next.port);
      if (next.version === 6) {
        memory.writeU32(flowInfo, 0);
        memory.writeU32(scopeId, scopeOf(next));
      }
      return OK;
    },
);
