const LIMITS =
  'the options --max-processes, --max-memory, --max-host-memory and --max-mailbox (runtimeArgs in launch.json) bound what the program takes';

/** Signals by which V8 ends an OS process after a fatal error. */
const FATAL: ReadonlySet<NodeJS.Signals> = new Set(['SIGABRT', 'SIGTRAP', 'SIGILL']);

/** How a runtime has ended that was not told to, and what to do about it. */
export function deathText(signal: NodeJS.Signals): string {
  const ended = `The runtime was ended by ${signal}`;
  if (FATAL.has(signal))
    return `${ended}: V8 had a fatal error, which it describes on standard error. If that is memory, ${LIMITS}.`;
  if (signal === 'SIGKILL')
    return `${ended}, as the operating system does when the machine has no memory left. If that was it, ${LIMITS}.`;
  return `${ended}.`;
}
