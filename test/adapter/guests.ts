import { guest } from '../support/guest.ts';

/** Two processes that print what they get, and a root that prints "started" and waits. Ids: root 1, workers 2 and 3. */
export const echo = guest(`
  (func (export "_start")
    (drop (call $spawn (i64.const 0) (text "worker")))
    (drop (call $spawn (i64.const 0) (text "worker")))
    (call $print (text "started"))
    (call $forever))
  (func $worker (export "worker")
    (loop $next
      (drop (call $receive))
      (call $print (i32.const 0) (call $message.read_data (i32.const 0) (i32.const 1024)))
      (br $next)))`);
