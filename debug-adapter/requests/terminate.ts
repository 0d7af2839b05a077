import { nothing, request } from '../request.ts';

/** Tells the program to end. An event follows when it has ended. */
export const terminate = request({
  states: ['idle', 'starting', 'running', 'ending', 'over'],
  parse: nothing,
  async handle(session): Promise<null> {
    await session.terminate();
    return null;
  },
});
