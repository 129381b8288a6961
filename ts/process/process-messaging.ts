import type { Behaviour } from '../actor/behaviour.ts';
import type { Next } from '../actor/outcome.ts';
import { noreply } from '../actor/outcome.ts';
import type { CallOptions, RequestOptions, SendOptions } from '../call/call-options.ts';
import type { Caller } from '../call/caller.ts';
import type { RequestRef } from '../call/response.ts';
import type { ExitReason } from '../error/exit-reason.ts';
import type { SendResult } from '../error/send-result.ts';
import type { Messenger } from '../node/messenger.ts';
import type { MessageOf, ReplyOf, ReplyTo, RequestOf, TypeOf } from '../protocol/protocol.ts';
import type { Timer } from '../timer/timer.ts';
import type { AnyPid, Pid } from './pid.ts';
import { context } from './process-context.ts';
import { ProcessIdentity } from './process-identity.ts';
import type { SpawnName } from '../network/spawn-name.ts';
import type { Optional, SpawnOptions } from './process-options.ts';
import type { Target } from './target.ts';

/** What a process says to others: sends, calls, answers, spawns. */
export abstract class ProcessMessaging<P> extends ProcessIdentity<P> implements Messenger {
  /**
   * Sends a message; returns what is known at once. Order holds between one sender and one receiver
   * at each priority.
   *
   * @example
   * if (this.send(counter, { type: 'add', by: 1 }) !== 'ok') this.log.warning('no counter');
   */
  send<T>(to: Target<T>, message: MessageOf<T>, options?: SendOptions): SendResult {
    const record = this[context];
    return record.runtime.messaging.send(record, to, message, options);
  }

  /** Resolves once the message is in the target's mailbox; rejects with what `send` would have returned. */
  sendImportant<T>(to: Target<T>, message: MessageOf<T>, options?: SendOptions): Promise<void> {
    const record = this[context];
    return record.runtime.messaging.sendImportant(record, to, message, options);
  }

  /** Sends once `afterMs` are over, even if this process has ended by then. Throws `incorrect` for a bad delay. */
  sendAfter<T>(
    to: Target<T>,
    message: MessageOf<T>,
    afterMs: number,
    options?: SendOptions,
  ): Timer {
    const record = this[context];
    return record.runtime.delayed.send(record, to, message, { ms: afterMs, options });
  }

  /** Sends every `everyMs`, at a fixed rate, until it is cancelled or this process ends. */
  sendEvery<T>(
    to: Target<T>,
    message: MessageOf<T>,
    everyMs: number,
    options?: SendOptions,
  ): Timer {
    const record = this[context];
    return record.runtime.delayed.sendEvery(record, to, message, { ms: everyMs, options });
  }

  /**
   * An exit signal: the target ends with `reason`, or gets it in `handleExit` if it traps exits.
   * `not-allowed` for itself, its parent and its leader. Throws `incorrect` for a reason that is none.
   */
  sendExit(to: AnyPid, reason: ExitReason): SendResult {
    const record = this[context];
    return record.runtime.messaging.exit(record, to, reason);
  }

  /**
   * `sendExit` once `afterMs` are over, even if this process has ended by then. Throws at once what
   * `sendExit` would refuse: `not-allowed`, `incorrect`; also for a bad delay.
   */
  sendExitAfter(to: AnyPid, reason: ExitReason, afterMs: number): Timer {
    const record = this[context];
    return record.runtime.delayed.sendExit(record, to, reason, afterMs);
  }

  /**
   * Asks and waits for the answer, 5 s unless `timeoutMs` says otherwise. Rejects with `timeout`,
   * `aborted`, `process-unknown`, `process-terminated` (its reason as `cause`), `process-mailbox-full`,
   * `not-allowed` (itself), or what the target gave to `replyError`.
   *
   * @example
   * const total = await this.call(counter, { type: 'total' }, { timeoutMs: 100 });
   */
  call<T = never, K extends TypeOf<RequestOf<T>> = TypeOf<RequestOf<T>>>(
    to: Target<T>,
    request: RequestOf<T> & { readonly type: K },
    options?: CallOptions,
  ): Promise<NoInfer<ReplyTo<T, K>>> {
    const record = this[context];
    return record.runtime.calls.call(record, to, request, options) as Promise<ReplyTo<T, K>>;
  }

  /**
   * Asks without waiting: the answer, an error or the timeout comes to `handleResponse`. Throws what
   * is known at once, with the codes of `call`. Source: Ergo `SendRequest`.
   *
   * @example
   * this.#total = this.sendRequest(counter, { type: 'total' }, { label: 'first' });
   */
  sendRequest<T = never, K extends TypeOf<RequestOf<T>> = TypeOf<RequestOf<T>>>(
    to: Target<T>,
    request: RequestOf<T> & { readonly type: K },
    options: RequestOptions = {},
  ): RequestRef<NoInfer<ReplyTo<T, K>>> {
    const record = this[context];
    return record.runtime.calls.request(record, to, request, options);
  }

  /** Gives up a `sendRequest`: no response will come. False when it is answered already. */
  cancelRequest(ref: RequestRef<unknown>): boolean {
    const record = this[context];
    return record.runtime.calls.cancel(record, ref);
  }

  /**
   * Spawns a child; resolves with its pid when its `init` is over. Rejects with what `init` threw,
   * `timeout`, `taken` (the name), `incorrect`, `process-terminated`, `node-terminated`.
   *
   * @example
   * const counter = await this.spawn(Counter, { args: [10], linkParent: true });
   */
  spawn<T, Args extends readonly unknown[]>(
    behaviour: Behaviour<T, Args>,
    ...options: Optional<SpawnOptions<NoInfer<T>, NoInfer<Args>>>
  ): Promise<Pid<T>> {
    const record = this[context];
    return record.runtime.spawner.spawn(record, behaviour, options[0]) as Promise<
      Pid<unknown>
    > as Promise<Pid<T>>;
  }

  /**
   * Spawns a child on another node, which lends a behaviour under that name; connects first if there is no connection.
   * The child has this process as its parent, its log level, its leader, and, if the node option
   * `security.exposeEnvRemoteSpawn` says so, its environment. Rejects like `RemoteNode.spawn`, and with what a dial
   * fails with.
   *
   * @example
   * const counter = await this.remoteSpawn('b@localhost', counterSpawn, { args: [5], linkChild: true });
   */
  remoteSpawn<T, Args extends readonly unknown[]>(
    node: string,
    name: SpawnName<T, Args>,
    ...options: Optional<SpawnOptions<NoInfer<T>, NoInfer<Args>>>
  ): Promise<Pid<T>> {
    const record = this[context];
    return record.runtime.remoteSpawn(record, node, name, options[0]) as Promise<
      Pid<unknown>
    > as Promise<Pid<T>>;
  }

  /**
   * Takes the call in hand off the callback: return `noreply` and answer with `sendResponse` when the
   * value is there; any process that holds the `Caller` may. Throws `incorrect` when `request` is not
   * the one in hand.
   */
  callerOf<R>(request: R): Caller<ReplyOf<R>> {
    return this[context].runtime.answers.callerOf(this[context], request);
  }

  /**
   * Answers a call by its `Caller`; `response-ignored` when it is settled already, `too-large` when the caller's node takes
   * nothing as large: the call is rejected with that. A call that was taken on another thread
   * or node is kept there: from here only the end of a caller of this node is seen at once, and any other answer that
   * comes too late gives `ok` and is ignored there.
   */
  sendResponse<Reply>(caller: Caller<Reply>, value: NoInfer<Reply>): SendResult {
    return this[context].runtime.answers.respond(this[context], caller, value);
  }

  /** Rejects a call by its `Caller`. Throws `incorrect` unless `error` is an `Error`. */
  sendResponseError(caller: Caller<never>, error: Error): SendResult {
    return this[context].runtime.answers.respondError(this[context], caller, error);
  }

  /**
   * Answers a call by its `Caller`, and resolves when the answer has reached a caller that still waits for it: on its own
   * node or thread, within 5 s. Rejects with why it has not: `process-unknown` (the caller has ended), `timeout` (its call
   * has, or nobody has confirmed anything in time), `response-ignored` (answered before, or aborted),
   * `no-connection`, `unsupported` (important delivery is off between the nodes; the call is still open then, or
   * answered, if another node has handed it on, which passes the answer on unconfirmed),
   * `unencodable`, `too-large`, `not-allowed`, `incorrect`. Source: Ergo `SendResponseImportant`.
   *
   * @example
   * await this.sendResponseImportant(caller, item).catch(() => this.#items.unshift(item));
   */
  sendResponseImportant<Reply>(caller: Caller<Reply>, value: NoInfer<Reply>): Promise<void> {
    return this[context].runtime.answers.respondImportant(this[context], caller, value);
  }

  /** Rejects a call by its `Caller`; resolves and rejects like `sendResponseImportant`. */
  sendResponseErrorImportant(caller: Caller<never>, error: Error): Promise<void> {
    return this[context].runtime.answers.respondErrorImportant(this[context], caller, error);
  }

  /**
   * Hands the message or call in hand to another process, which sees the original sender and answers
   * it directly. A call that cannot be handed over is rejected. Return what it gives.
   */
  forward<T = never>(to: Target<T>, message: MessageOf<T> | RequestOf<T>): Next {
    this[context].runtime.answers.forward(this[context], to, message);
    return noreply;
  }
}
