import { AdapterError, ErrorId } from '../errors.ts';
import { nothing, request } from '../request.ts';

/** `next`, `stepIn` and `stepOut`, for which clients have buttons whether an adapter supports them or not. */
export const step = request({
  parse: nothing,
  handle(): never {
    throw new AdapterError(ErrorId.NotSupported, 'Stepping is not supported yet: a process can be continued');
  },
});
