import { TergoError } from '../error/tergo-error.ts';
import { FarPid } from '../far/far-pid.ts';
import { Losses } from '../log/losses.ts';
import {
  KIND_EVENT,
  KIND_MESSAGE,
  KIND_REQUEST,
  KIND_RESPONSE,
  QUEUE_MAIN,
} from '../native/layout.ts';
import type { LocalPid } from '../process/pid.ts';
import type { ProcessRecord } from '../process/process-record.ts';
import { kindAndQueue } from '../scheduler/outbox.ts';
import { FailureNotice, type RouteFailure, type RouteFailureCode } from './routed.ts';

/** Tells of what a router could not hand on: the caller or sender, the router, the log. */
export class Failures {
  readonly #router: ProcessRecord;
  readonly #losses: Losses;

  constructor(router: ProcessRecord) {
    this.#router = router;
    this.#losses = new Losses(router, 'there is no way on; messages are lost');
  }

  get count(): number {
    return this.#losses.count;
  }

  /** An entry of the router's mailbox could not take a route. */
  tell(route: string | undefined, code: RouteFailureCode, kind: number, payload: number): void {
    const { forwarding } = this.#router.runtime;
    const from = forwarding.senderOf(payload);
    const failure: RouteFailure = {
      ...{ router: this.#router.pid, route, code, kind: KINDS[kind]! },
      message: forwarding.bodyOf(kind, payload),
      from,
    };
    const isFull = code === 'process-mailbox-full';
    forwarding.lose(kind, payload, isFull, () => new TergoError(code, textOf(failure)));
    this.#losses.add({ route, code });
    // A caller is told by its call, and who publishes does not ask who listens.
    if (kind === KIND_MESSAGE) this.#tellSender(from, failure);
    notifyOf(this.#router, this.#router, failure);
  }

  #tellSender(from: LocalPid, failure: RouteFailure): void {
    const { runtime } = this.#router;
    if (from instanceof FarPid) runtime.far!.routeNotices.tell(from, failure);
    else notifyOf(this.#router, runtime.recordOf(from), failure);
  }
}

/** Tells a process of this thread, if it listens. It counts as a response: where the mailbox is bounded, that takes no place. */
export function notifyOf(
  from: ProcessRecord,
  listener: ProcessRecord | undefined,
  failure: RouteFailure,
): void {
  if (listener?.isAlive !== true || !('handleRouteFailed' in listener.instance)) return;
  const bits = kindAndQueue(KIND_RESPONSE, QUEUE_MAIN);
  from.runtime.messaging.post(from, listener, bits, new FailureNotice(failure));
}

const KINDS: Readonly<Record<number, RouteFailure['kind']>> = {
  [KIND_MESSAGE]: 'message',
  [KIND_REQUEST]: 'call',
  [KIND_EVENT]: 'event',
};

const TEXTS: Readonly<Record<RouteFailureCode, string>> = {
  'route-unknown': 'there is no such route',
  'route-disabled': 'it is disabled',
  'process-mailbox-full': 'the mailbox at its end is full',
  'process-terminated': 'its process has ended, and no other one came up',
  'name-unknown': 'no process has the name that it leads to',
  'process-unknown': 'the process that it leads to is about to end',
  'not-allowed': 'it leads back to the router',
};

function textOf({ router, route, code }: RouteFailure): string {
  if (route === undefined) return `${router}: no route was named, and there is no fallback`;
  return `${router}, route '${route}': ${TEXTS[code]}`;
}
