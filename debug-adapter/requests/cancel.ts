import { request } from '../request.ts';

/**
 * Gives up a request that is still being answered: one that changes nothing is answered with an error at once, and one that starts
 * a program when that is ended. Others are done all the same, so that the client knows what has happened. A request that has
 * been answered, or is not known, is no error.
 */
export const cancel = request({
  states: ['idle', 'starting', 'running', 'ending', 'over'],
  parse: (args) => ({
    requestId: args.optionalInteger('requestId'),
    progressId: args.optionalText('progressId'),
  }),
  async handle(session, { requestId, progressId }): Promise<null> {
    if (requestId !== undefined) session.cancel(requestId);
    if (progressId !== undefined) session.progress.cancel(progressId);
    return null;
  },
});
