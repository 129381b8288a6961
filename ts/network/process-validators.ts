import type { Speaks } from '../actor/behaviour.ts';
import { checkName, checkOptions } from '../error/check.ts';
import { incorrect } from '../error/tergo-error.ts';
import type { ProcessName } from '../process/process-name.ts';
import { checkBehaviour, type AnyProcess } from '../process/process.ts';
import type { MessageOf, RequestOf } from '../protocol/protocol.ts';
import { isSchema, type StandardSchema } from './standard-schema.ts';

declare const made: unique symbol;

/** Schemas for what other nodes send to the processes of a class, or to that of a name; `validators` makes it. */
export interface ProcessValidators {
  /** @ignore */
  readonly [made]: true;
  /** The name, or that of the class. */
  readonly target: string;
}

/** Schemas for the unions of protocol `P`; one of them at least. */
export interface ValidatorSchemas<P> {
  /** For messages; all pass by default. */
  readonly message?: StandardSchema<MessageOf<P>>;
  /** For requests; all pass by default. */
  readonly request?: StandardSchema<RequestOf<P>>;
}

/**
 * Schemas for the option `network.validators`: what another node sends to a process of that class (or a class that extends it), or to the
 * process that has that name then, must pass them before a callback sees it, and the callback gets what the schema makes of it. A message that does
 * not pass is dropped and logged; the caller of a request gets `incorrect`. Schemas are Standard Schemas, and synchronous. Throws `incorrect`, naming the key.
 *
 * @example
 * const forCounter = validators(Counter, { message: z.object({ type: z.literal('add'), by: z.number() }) });
 */
export function validators<P>(
  target: ProcessName<P>,
  schemas: ValidatorSchemas<NoInfer<P>>,
): ProcessValidators;
export function validators<P>(
  target: abstract new () => Speaks<P>,
  schemas: ValidatorSchemas<NoInfer<P>>,
): ProcessValidators;
export function validators(target: unknown, schemas: unknown): unknown {
  return new LocalValidators(target, schemas);
}

/** @internal */
export class LocalValidators implements ProcessValidators {
  declare readonly [made]: true;
  readonly target: string;
  /** `undefined`: they are for a name. */
  readonly behaviour: (new () => AnyProcess) | undefined;
  readonly message: StandardSchema | undefined;
  readonly request: StandardSchema | undefined;

  constructor(target: unknown, schemas: unknown) {
    if (typeof target === 'string') checkName('target', target);
    else checkBehaviour(target, 'target');
    checkOptions('schemas', schemas, ['message', 'request']);
    const { message, request } = (schemas ?? {}) as ValidatorSchemas<unknown>;
    checkSchema('schemas.message', message);
    checkSchema('schemas.request', request);
    if (message === undefined && request === undefined)
      throw incorrect('schemas', 'an object with message, request or both', schemas);
    this.target = typeof target === 'string' ? target : target.name;
    this.behaviour = typeof target === 'string' ? undefined : target;
    this.message = message;
    this.request = request;
    Object.freeze(this);
  }
}

function checkSchema(argument: string, schema: unknown): void {
  if (schema !== undefined && !isSchema(schema))
    throw incorrect(argument, "a Standard Schema: with '~standard', version 1", schema);
}
