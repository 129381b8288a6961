import type { Behaviour } from '../actor/behaviour.ts';
import type { CallOptions, SendOptions } from '../call/call-options.ts';
import type { EnvKey } from '../env/env-key.ts';
import type { ExitReason } from '../error/exit-reason.ts';
import type { SendResult } from '../error/send-result.ts';
import type { Log } from '../log/log.ts';
import type { AnyPid, Pid } from '../process/pid.ts';
import type { Optional, SpawnOptions } from '../process/process-options.ts';
import type { Target } from '../process/target.ts';
import type { MessageOf, ReplyTo, RequestOf, TypeOf } from '../protocol/protocol.ts';
import type { Timer } from '../timer/timer.ts';

/**
 * What a process and a node can both do; a function that needs only this takes either. Each member is
 * described at `Process` and `Node`.
 *
 * @example
 * function resetLater(by: Messenger, to: Pid<{ message: Reset }>): void { by.sendAfter(to, { type: 'reset' }, 10); }
 */
export interface Messenger {
  /** Sends a message; returns what is known at once. */
  send<P>(to: Target<P>, message: MessageOf<P>, options?: SendOptions): SendResult;
  /** Resolves once the message is in the target's mailbox. */
  sendImportant<P>(to: Target<P>, message: MessageOf<P>, options?: SendOptions): Promise<void>;
  /** Sends once `afterMs` are over. */
  sendAfter<P>(to: Target<P>, message: MessageOf<P>, afterMs: number, options?: SendOptions): Timer;
  /** Sends an exit signal. */
  sendExit(to: AnyPid, reason: ExitReason): SendResult;
  /** Asks and waits for the answer. */
  call<P = never, T extends TypeOf<RequestOf<P>> = TypeOf<RequestOf<P>>>(
    to: Target<P>,
    request: RequestOf<P> & { readonly type: T },
    options?: CallOptions,
  ): Promise<NoInfer<ReplyTo<P, T>>>;
  /** Spawns a process; resolves when its `init` is over. */
  spawn<P, Args extends readonly unknown[]>(
    behaviour: Behaviour<P, Args>,
    ...options: Optional<SpawnOptions<NoInfer<P>, NoInfer<Args>>>
  ): Promise<Pid<P>>;
  /** An environment value. */
  env<T>(key: EnvKey<T>): T | undefined;
  /** An environment value, else `fallback`. */
  env<T>(key: EnvKey<T>, fallback: NoInfer<T>): T;
  /** Sets an environment value; `undefined` removes it. */
  setEnv<T>(key: EnvKey<T>, value: NoInfer<T> | undefined): void;
  /** Its log. */
  readonly log: Log;
}
