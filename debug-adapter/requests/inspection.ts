import type { Requests } from '../../runtime/inspect/protocol.ts';
import type { Arguments } from '../arguments.ts';
import type { InspectionRequests } from '../protocol.ts';
import { type Request, request } from '../request.ts';

const NAMES: InspectionRequests = {
  'lunatic/processes': 'process/list',
  'lunatic/process': 'process/get',
  'lunatic/mailbox': 'process/mailbox',
  'lunatic/stack': 'process/stack',
  'lunatic/peers': 'process/peers',
  'lunatic/config': 'process/config',
  'lunatic/memory': 'process/memory',
  'lunatic/pause': 'process/pause',
  'lunatic/resume': 'process/resume',
  'lunatic/pauseAll': 'processes/pause',
  'lunatic/resumeAll': 'processes/resume',
  'lunatic/kill': 'process/kill',
  'lunatic/restart': 'process/restart',
  'lunatic/send': 'process/send',
  'lunatic/module': 'module/get',
};

/** Custom requests that are passed on to the runtime, which checks their arguments. */
export const inspectionRequests: Readonly<Record<string, Request>> = Object.fromEntries(
  Object.entries(NAMES).map(([name, method]: [string, keyof Requests]) => [name, passOn(method)]),
);

function passOn(method: keyof Requests): Request {
  return request({
    parse: (args: Arguments) => args.all,
    handle: ({ debuggee }, params) => debuggee.client.requestUnchecked(method, params),
  });
}
