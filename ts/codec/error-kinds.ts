/** Errors that arrive as what they are; all others arrive as the nearest of them, with their name. Part of the format. */
const KINDS = [
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
  AggregateError,
  SuppressedError,
] as const;

/** The number of the nearest class of which others know. */
export function errorKindOf(error: Error): number {
  const kind = KINDS.findLastIndex((Kind) => error instanceof Kind);
  return Math.max(kind, 0);
}

/** The same for one of another context, which is an instance of none: its class there has the same name. */
export function errorKindNamed(error: Error): number {
  let type: unknown = Object.getPrototypeOf(error);
  for (; type !== null; type = Object.getPrototypeOf(type)) {
    const name: unknown = (type as Error).constructor?.name;
    const kind = KINDS.findIndex((Kind) => Kind.name === name);
    if (kind >= 0) return kind;
  }
  return 0;
}

/** An error of that kind; of an unknown one a plain error. */
export function ofErrorKind(kind: number, message: string): Error {
  const Kind = KINDS[kind] ?? Error;
  if (Kind === SuppressedError) return new SuppressedError(undefined, undefined, message);
  if (Kind === AggregateError) return new AggregateError([], message);
  return new (Kind as ErrorConstructor)(message);
}

/** What an error of that kind has beside name, message and cause, without showing it. */
export function hiddenPartsOf(error: Error): readonly string[] {
  if (error instanceof AggregateError) return ['errors'];
  return error instanceof SuppressedError ? ['error', 'suppressed'] : [];
}
