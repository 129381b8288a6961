import {
  Actor,
  type Answer,
  type MaybePromise,
  type Next,
  noreply,
  type ProcessName,
  processName,
  reply,
  type Request,
  type SchemaResult,
  type StandardSchema,
  validators,
} from 'tergo';

export interface AccountProtocol {
  message: { readonly type: 'add'; readonly by: number };
  request:
    | Request<{ readonly type: 'seen' }, unknown[]>
    | Request<{ readonly type: 'take'; readonly by: number }, number>;
}

/** Remembers what it was sent, as it was. */
export class Account extends Actor<AccountProtocol> {
  readonly #seen: unknown[] = [];

  override handleMessage(message: AccountProtocol['message']): MaybePromise<Next> {
    this.#seen.push(message.by);
    return noreply;
  }

  override handleCall(request: AccountProtocol['request']): Answer {
    return request.type === 'seen' ? reply(request, this.#seen) : reply(request, request.by);
  }
}

/** Extends it, and has no validators of its own. */
export class Savings extends Account {}

/** One by hand. */
export function schemaOf<Output>(
  validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>,
): StandardSchema<Output> {
  return { '~standard': { version: 1, vendor: 'tests', validate } };
}

/** Refuses all whose `by` is no number; what is over 100 becomes 100, and text with digits a number. */
function withNumber(value: unknown): SchemaResult<never> {
  const { by } = value as { by: unknown };
  const number = typeof by === 'string' && /^\d+$/.test(by) ? Number(by) : by;
  if (typeof number !== 'number')
    return { issues: [{ message: 'must be a number', path: [{ key: 'by' }] }] };
  return { value: { ...(value as object), by: Math.min(number, 100) } as never };
}

export const additions: StandardSchema<AccountProtocol['message']> = schemaOf(withNumber);

export const requests: StandardSchema<AccountProtocol['request']> = schemaOf((value) =>
  (value as { type: unknown }).type === 'seen' ? { value: value as never } : withNumber(value),
);

export const forAccounts = validators(Account, { message: additions, request: requests });

export const accountName: ProcessName<AccountProtocol> = processName('account');
