import type { Pid } from '../process/pid.ts';

/**
 * The right to answer one call: plain data, may be kept, sent to another process, used once. Source:
 * OTP `From`, Ergo `(from, ref)`.
 */
export interface Caller<Reply> extends AnyCaller {
  readonly reply?: (reply: Reply) => void;
}

/** A `Caller` of which nothing is known of the reply. @internal */
export interface AnyCaller {
  /** Who called. */
  readonly pid: Pid<unknown>;
  /** Which of its calls. */
  readonly ref: string;
}
