/** A value of a database. A text is a string, an integer a bigint, a real a number. */
export type Value = null | bigint | number | string | Uint8Array;
