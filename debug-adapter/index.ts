/** The public face of the debug adapter. */

export { ErrorId } from './errors.ts';
export type { AttachArguments, CustomEvents, CustomRequests, LaunchArguments } from './protocol.ts';
export { LunaticDebugSession, type SessionDefaults } from './session.ts';
