import { AdapterError, ErrorId } from '../errors.ts';
import { request } from '../request.ts';

/**
 * Begins the process of an outermost call anew. No other call can be: its stack cannot be cut, and what it has written and sent
 * stays.
 */
export const restartFrame = request({
  parse: (args) => args.integer('frameId'),
  async handle({ ids, debuggee }, frameId): Promise<null> {
    const ref = ids.frameOf(frameId);
    if (ref === undefined) throw new AdapterError(ErrorId.NoFrame, `There is no frame ${frameId} any more`);
    const { process, depth, inlined } = ref;
    const { frames } = await debuggee.stops.stack(process);
    const all = await debuggee.calls.of(frames);
    const outermost = await debuggee.calls.outermost(all);
    const place = all.findIndex((call) => call.depth === depth && call.inlined === inlined);
    if (frames.length > 0 && place < outermost)
      throw new AdapterError(
        ErrorId.NotSupported,
        'Only the outermost call of a process can be begun anew, and the whole process with it: what others have written to memory and sent stays',
      );
    await debuggee.stops.restart(process);
    return null;
  },
});
