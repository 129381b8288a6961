/**
 * A schema that says whether a value is one of `Output`: Standard Schema, version 1, which zod, valibot, arktype and others
 * have. Source: https://standardschema.dev.
 */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    /** The name of the library. */
    readonly vendor: string;
    /** What has `issues` does not pass; else `value` is what the schema makes of it. */
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
  };
}

/** What a schema finds. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** Why a value does not pass. */
export interface SchemaIssue {
  readonly message: string;
  /** Where in the value; the value itself by default. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Issues may quote what a stranger wrote. */
const LONGEST_TEXT = 200;

/** Whether `value` has the interface. @internal */
export function isSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard = (value as Partial<StandardSchema>)['~standard'];
  return standard?.version === 1 && typeof standard.validate === 'function';
}

/** What a schema makes of a value, or a text that says why it does not pass. Never throws. @internal */
export function passThrough(
  schema: StandardSchema,
  value: unknown,
): { readonly value: unknown } | string {
  try {
    const result = schema['~standard'].validate(value);
    if (isPromise(result))
      return 'the schema answers with a promise, and only synchronous ones can be used: order must hold';
    return result.issues === undefined ? { value: result.value } : shortened(textOf(result.issues));
  } catch (error) {
    return shortened(`the schema failed: ${error instanceof Error ? error.message : typeof error}`);
  }
}

/** Nobody waits for it, so that it may reject. */
function isPromise(
  result: SchemaResult<unknown> | Promise<SchemaResult<unknown>>,
): result is Promise<SchemaResult<unknown>> {
  if (typeof (result as Partial<Promise<unknown>>).then !== 'function') return false;
  Promise.resolve(result).catch(() => undefined);
  return true;
}

function textOf([issue]: readonly SchemaIssue[]): string {
  if (issue === undefined) return 'the schema says no reason';
  const keys = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part));
  return keys.length === 0 ? issue.message : `${keys.join('.')}: ${issue.message}`;
}

function shortened(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}…`;
}
