/** First byte of every value; docs/design/codec.md. */
export const UNDEFINED = 0;
export const NULL = 1;
export const FALSE = 2;
export const TRUE = 3;
/** One byte with a sign. */
export const INT8 = 4;
/** Four bytes with a sign, the lowest first. */
export const INT32 = 5;
/** Eight bytes. */
export const FLOAT64 = 6;
/** Its digits as a string, in base 16. */
export const BIGINT = 7;
/** One byte of length; characters up to 127. */
export const SHORT_TEXT = 8;
/** A length; characters up to 127. */
export const ASCII = 9;
/** A length in bytes; UTF-8. */
export const UTF8 = 10;
/** A length in bytes; UTF-16, for what is no well-formed text. */
export const UTF16 = 11;
/** A length and as many values. */
export const ARRAY = 12;
/** Two bytes with the number of the shape, and a value for each of its keys. */
export const SHAPED = 13;
/** A length and as many pairs of a string and a value. */
export const OBJECT = 14;
/** A length and as many pairs of values. */
export const MAP = 15;
/** A length and as many values. */
export const SET = 16;
/** Eight bytes: ms since 1970. */
export const DATE = 17;
/** Source and flags, two strings. */
export const REGEXP = 18;
/** Kind, then name, message and stack, then whether there is a cause, which follows, then own properties as an object. */
export const ERROR = 19;
/** Kind, a length in bytes, the bytes. */
export const BYTES = 20;
/** Kind, and four bytes: the place of the blob in the frame's list, from 0. */
export const BLOB = 21;
/** Type of the extension, and a value. */
export const EXTENSION = 22;
/** Its href, a string. */
export const URL_TEXT = 23;
/** Two bytes with the number of the variant of a shape, and a value for each of its keys but for the one with a text. Between threads only. */
export const VARIANT = 24;
