import { AdapterError, ErrorId } from '../errors.ts';
import { nothing, request } from '../request.ts';

/** No call of WebAssembly can be begun again: its stack cannot be cut, and what it has written and sent stays. */
export const restartFrame = request({
  parse: nothing,
  handle(): never {
    const message =
      'A call cannot be begun again, since what it has written to memory and sent to others stays; restart the session instead';
    throw new AdapterError(ErrorId.NotSupported, message);
  },
});
