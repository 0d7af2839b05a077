/** The type of our debug configurations and sessions. */
export const DEBUG_TYPE = 'lunatic';
