import { AdapterError, ErrorId } from '../errors.ts';
import { nothing, request } from '../request.ts';

/** Refuses `next`, `stepIn` and `stepOut`. Clients have buttons for them whether or not an adapter supports them. */
export const step = request({
  parse: nothing,
  handle(): never {
    throw new AdapterError(ErrorId.NotSupported, 'Stepping is not supported yet: a process can be continued');
  },
});
