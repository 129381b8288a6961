import type { EventMessage } from '../event/event-message.ts';
import type { LogRecord } from '../log/log-record.ts';
import type { Response } from '../call/response.ts';
import type { Down, Exit } from '../relation/ended.ts';
import type { RouteFailure } from '../router/routed.ts';
import type { Alias } from './alias.ts';
import type { Pid } from './pid.ts';

/**
 * One entry of a mailbox, as the low-level behaviour (`Process.receive`) gets it. `address` is the
 * name or alias it was sent to, given only with `splitHandle`.
 */
export type Envelope =
  | {
      readonly kind: 'message';
      readonly message: unknown;
      readonly from: Pid<unknown>;
      readonly address?: string | Alias<never> | undefined;
    }
  | {
      readonly kind: 'request';
      readonly request: unknown;
      readonly from: Pid<unknown>;
      readonly address?: string | Alias<never> | undefined;
    }
  | { readonly kind: 'event'; readonly event: EventMessage<unknown> }
  | { readonly kind: 'exit'; readonly exit: Exit }
  | { readonly kind: 'down'; readonly down: Down }
  | { readonly kind: 'event-start' | 'event-stop'; readonly event: string }
  | { readonly kind: 'response'; readonly response: Response }
  | { readonly kind: 'route-failed'; readonly failure: RouteFailure }
  | { readonly kind: 'log'; readonly record: LogRecord }
  | { readonly kind: 'inspect'; readonly items: readonly string[]; readonly from: Pid<unknown> };
