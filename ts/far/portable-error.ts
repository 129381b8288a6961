import { isError } from '../error/exit-reason.ts';
import { type ErrorCode, TergoError } from '../error/tergo-error.ts';

/** So many causes of causes are told of an error that does not travel as it is. */
const MAX_CAUSES = 8;
/** Characters that are left of a text that is cut: name and message, and both once more in the stack, fit into the smallest `maxMessageSize`. */
const CUT_TO = 250;
const UNREADABLE = 'an error that cannot be read';
/** In place of one of which nothing fits. */
const REST: Parts = { name: 'Error', message: UNREADABLE, stack: undefined, code: undefined };

/** What an error says, as far as it can be read. */
interface Parts {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Of a `TergoError`. */
  readonly code: ErrorCode | undefined;
}

/**
 * Tells somebody elsewhere an error, or a list with one: as it is, or as much of it as can be read, travels and fits there.
 * `write` is called with less and less of it until it does not throw; whatever else stands in its frame must be small. Everything else is
 * written as it is.
 */
export function tellError<Result>(value: unknown, write: (portable: unknown) => Result): Result {
  const words: readonly unknown[] = Array.isArray(value) ? value : [value];
  const error = words.find((word) => isError(word));
  if (error === undefined) return write(value);
  const inPlace = (form: Error): unknown =>
    words === value ? words.map((word) => (word === error ? form : word)) : form;
  for (const form of formsOf(error)) {
    try {
      return write(inPlace(form));
    } catch {
      // Less of it may do.
    }
  }
  return write(inPlace(errorOf(REST)));
}

/** The error, and ever less of it. */
function* formsOf(error: Error): Generator<Error> {
  yield error;
  const parts = partsOf(error);
  const cause = causeOf(error, [error]);
  if (cause !== undefined) yield errorOf(parts, { cause });
  yield errorOf(parts);
  const { name, message } = parts;
  yield errorOf({ ...parts, stack: undefined });
  yield errorOf({ ...parts, name: cut(name), message: cut(message), stack: undefined });
}

function partsOf(error: Error): Parts {
  const stack = read(error, 'stack');
  const code = isError(error, TergoError) ? read(error, 'code') : undefined;
  return {
    name: textOf(read(error, 'name')) ?? 'Error',
    message: textOf(read(error, 'message')) ?? UNREADABLE,
    stack: textOf(stack),
    code: textOf(code) as ErrorCode | undefined,
  };
}

/** Causes are told by the same rules; those that are no errors only where nothing can be wrong with them. */
function causeOf(error: Error, above: readonly Error[]): unknown {
  const cause = read(error, 'cause');
  if (!isError(cause)) return isPlain(cause) ? cause : undefined;
  if (above.includes(cause) || above.length > MAX_CAUSES) return undefined;
  const further = causeOf(cause, [...above, cause]);
  return errorOf(partsOf(cause), further === undefined ? {} : { cause: further });
}

function errorOf({ name, message, stack, code }: Parts, options: ErrorOptions = {}): Error {
  const error =
    code === undefined ? new Error(message, options) : new TergoError(code, message, options);
  if (error.name !== name && code === undefined) hide(error, 'name', name);
  hide(error, 'stack', stack ?? `${name}: ${message}`);
  return error;
}

/** As errors have it: not among what is listed. */
function hide(error: Error, key: 'name' | 'stack', value: string): void {
  Object.defineProperty(error, key, {
    ...{ value, writable: true, enumerable: false, configurable: true },
  });
}

/** `undefined` also for what a getter or a proxy does not give. */
function read(error: Error, key: 'name' | 'message' | 'stack' | 'code' | 'cause'): unknown {
  try {
    return (error as Error & { readonly code?: unknown })[key];
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isPlain(value: unknown): boolean {
  return value === null || !['object', 'function', 'symbol'].includes(typeof value);
}

function cut(text: string): string {
  const rest = text.length - CUT_TO;
  return rest <= 0 ? text : `${text.slice(0, CUT_TO)} … (${rest} more characters)`;
}
