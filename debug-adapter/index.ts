/** The public face of the debug adapter. */

export { LunaticDebugSession } from './debug-session.ts';
export { ErrorId } from './errors.ts';
export type { AttachArguments, CustomEvents, CustomRequests, LaunchArguments } from './protocol.ts';
export type { SessionDefaults } from './session.ts';
