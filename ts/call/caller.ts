import type { Pid } from '../process/pid.ts';

declare const takes: unique symbol;

/**
 * The right to answer one call: plain data, may be kept, sent to another process, used once. Source:
 * OTP `From`, Ergo `(from, ref)`.
 */
export interface Caller<Reply> {
  /** Who called. */
  readonly pid: Pid<unknown>;
  /** Which of its calls. */
  readonly ref: string;
  /** @ignore */ readonly [takes]?: (reply: Reply) => void;
}

/** A `Caller` of which nothing is known of the reply. @internal */
export type AnyCaller = Pick<Caller<never>, 'pid' | 'ref'>;
