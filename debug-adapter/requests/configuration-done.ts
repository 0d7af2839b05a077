import { nothing, request } from '../request.ts';

export const configurationDone = request({
  parse: nothing,
  async handle({ debuggee }): Promise<null> {
    await debuggee.begin();
    return null;
  },
});
