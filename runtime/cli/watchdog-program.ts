/**
 * The program of the watchdog's thread. It is a text, since a bundle has no file of its own for it.
 *
 * Node gives signals to the main thread alone, and has no public way for another thread to get them. So the thread asks for
 * what Node itself uses. If a version does not have it, the thread ends, and signals are as they were.
 *
 * Where the main thread is, it tells by V8's debugger, which also stops loops that never end. It cannot stop a single long call
 * into the engine or the operating system.
 */
export const WATCHDOG_PROGRAM = `
const { parentPort, workerData: { state, running, patience } } = require('node:worker_threads');
const { Signal } = require('internal/test/binding').internalBinding('signal_wrap');
const { writeSync } = require('node:fs');
const { constants } = require('node:os');

const words = new Int32Array(state);
const handles = ['SIGINT', 'SIGTERM'].map((name) => {
  const handle = new Signal();
  handle.onsignal = () => react(name);
  handle.start(constants.signals[name]);
  return handle;
});
parentPort.on('message', () => {});
parentPort.postMessage(null);

function react(name) {
  if (Atomics.load(words, 0) === 0) {
    // Nobody else handles it at the moment, so it must do what it does by itself.
    for (const handle of handles) handle.close();
    setImmediate(() => process.kill(process.pid, name));
    return;
  }
  const answers = Atomics.load(words, 1);
  const hasAnswered = () => Atomics.load(words, 1) !== answers;
  parentPort.postMessage(null);
  setTimeout(() => {
    if (hasAnswered()) return;
    const session = openDebugger();
    setTimeout(() => {
      if (hasAnswered()) session.disconnect();
      else end(name, session);
    }, patience / 2);
  }, patience / 2);
}

const guests = new Set();

// On a busy machine this takes long, so it is done before it is needed.
function openDebugger() {
  const { Session } = require('node:inspector');
  const session = new Session();
  session.connectToMainThread();
  session.on('Debugger.scriptParsed', ({ params }) => {
    if (params.scriptLanguage === 'WebAssembly') guests.add(params.scriptId);
  });
  session.post('Debugger.enable');
  return session;
}

function end(name, session) {
  const whose = 'process ' + new Float64Array(running)[0];
  const say = (place) => {
    try {
      writeSync(2, 'lunatic: ' + name + ' was not answered for ' + patience / 1000 + ' s, since ' + whose + ' does not give way' + place + '. The program is ended.\\n');
    } catch {}
    process.kill(process.pid, 'SIGKILL');
  };
  setTimeout(() => say(' (in a single call, which cannot be looked into)'), patience / 2);
  session.on('Debugger.paused', ({ params: { callFrames } }) => {
    const [top, ...rest] = callFrames;
    const frames = [top, ...rest.filter(({ location }) => guests.has(location.scriptId))].slice(0, 8);
    say(' (in ' + frames.map(nameOf).join(', called by ') + ')');
  });
  session.post('Debugger.pause');
}

function nameOf({ functionName }) {
  return functionName.replace(/[^\\x20-\\x7e]/g, '?').slice(0, 100) || 'a function without a name';
}
`;
