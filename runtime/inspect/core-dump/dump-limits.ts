/** Messages of a mailbox that are in a dump: the first ones, and their bytes as base64. */
export const MAX_MESSAGES = 10_000;
export const MAX_MESSAGE_BYTES = 2 ** 24;

/** Bytes of a module that is in a dump itself. */
export const MAX_EMBEDDED = 2 ** 26;

/** Locals of all calls together, and globals. */
export const MAX_VALUES = 1_000_000;
/** Locals of a call, as many as engines allow. */
export const MAX_LOCALS = 50_000;

/** Why there are no locals in a dump of a program that ran without what keeps them. */
export const NO_LOCALS = 'the program ran at full speed, without keeping them';
