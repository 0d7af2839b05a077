import { request } from '../request.ts';

/** A program that was launched always ends with its session; one that was attached to ends if the client wants it. */
export const disconnect = request({
  states: ['idle', 'starting', 'running', 'ending', 'over'],
  parse: (args) => ({ terminate: args.optionalBoolean('terminateDebuggee') ?? false }),
  async handle(session, { terminate }): Promise<null> {
    if (terminate && session.state.kind === 'running') await session.debuggee.end();
    await session.end();
    return null;
  },
  afterwards(session) {
    session.finish();
  },
});
