/** Messages of a mailbox that are in a dump: the first ones, and their bytes as base64. */
export const MAX_MESSAGES = 10_000;
export const MAX_MESSAGE_BYTES = 2 ** 24;

/** Why there are no locals in a dump of a program that ran without what keeps them. */
export const NO_LOCALS = 'the program ran at full speed, without keeping them';
