/** The export that programs begin with unless they are told another. */
export const START = '_start';
