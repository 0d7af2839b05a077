/**
 * The id of the process that has the turn in this thread, or had the last one, where other threads can read it: a guest that
 * keeps the thread busy must not keep its name to itself.
 */
export const runningProcess = new Float64Array(new SharedArrayBuffer(8));
