import {
  noreply,
  processName,
  reply,
  replyError,
  stop,
  type Answer,
  type Caller,
  type ExitReason,
  type MaybePromise,
  type Next,
  type Pid,
} from 'tergo';
import { Doer, type Order } from './doer.ts';
import { turn } from './wait-for.ts';

/** What a clerk makes of a message or request that says so. */
export type Matter =
  /** Returned as it is, as a reply, as the refusal of a call, or thrown. */
  | { readonly type: 'bare' | 'reply' | 'refuse' | 'crash'; readonly value?: unknown }
  | { readonly type: 'silence' | 'keep' }
  | { readonly type: 'end'; readonly reason: ExitReason; readonly last?: Matter }
  /** The other matter some turns later. */
  | { readonly type: 'late'; readonly matter: Matter }
  /** The other matter as soon as the gate has answered; nothing is taken before. */
  | { readonly type: 'wait'; readonly gate: Pid<GateProtocol>; readonly matter?: Matter };

/** A message that a clerk hands on to the first of these; at the last one it is kept. */
export interface Parcel {
  readonly type: 'pass';
  readonly path: readonly Pid<unknown>[];
  /** Whether that happens only some turns later. */
  readonly isLate?: boolean;
}

export interface GateProtocol {
  request: { readonly type: 'wait' };
}

export interface ClerkProtocol {
  message: unknown;
  request: Matter | Order | { readonly type: 'taken' };
}

/** Answers in whichever way it is asked to, and keeps what it takes. */
export class FarClerk extends Doer<ClerkProtocol> {
  readonly #taken: unknown[] = [];
  readonly #callers: Caller<unknown>[] = [];

  #farewell: unknown;

  /** `farewell` is what callers that are left behind are answered at its end. */
  override init(farewell?: unknown): void {
    this.#farewell = farewell;
  }

  override handleMessage(message: unknown): MaybePromise<Next> {
    const { type } = (message ?? {}) as { readonly type?: string };
    if (type === 'pass' && (message as Parcel).path.length > 0)
      return this.#pass(message as Parcel);
    if (type === 'wait' || type === 'end' || type === 'crash')
      return this.#resultOf(message as Matter, message) as MaybePromise<Next>;
    this.#taken.push(message);
    return noreply;
  }

  override handleCall(request: ClerkProtocol['request']): MaybePromise<Answer> {
    if (request.type === 'do') return this.obey(request);
    if (request.type === 'taken') return reply(request, this.#taken as never);
    this.#taken.push(request);
    return this.#resultOf(request, request) as MaybePromise<Answer>;
  }

  override handleInspect(items: readonly string[], from: Pid<unknown>): Record<string, string> {
    return { name: String(this.name), items: items.join(), from: String(from) };
  }

  override terminate(): void {
    if (this.#farewell !== undefined) this.answerKept(this.#farewell);
  }

  /** Answers whom it keeps; gives what came of each. */
  answerKept(value: unknown): unknown {
    return this.#callers.map((caller) => this.sendResponse(caller, value));
  }

  keptCallers(): readonly Caller<unknown>[] {
    return this.#callers;
  }

  #pass({ path: [to, ...path], ...rest }: Parcel): MaybePromise<Next> {
    this.send(processName<unknown>('nobody'), 'something else');
    const go = (): Next => this.forward(to!, { ...rest, path });
    return rest.isLate === true ? turn().then(go) : go();
  }

  #resultOf(matter: Matter, request: unknown): unknown {
    switch (matter.type) {
      case 'bare':
        return matter.value;
      case 'reply':
        return reply(request as { type: string }, matter.value as never);
      case 'refuse':
        return replyError(request as { type: string }, matter.value as Error);
      case 'crash':
        throw matter.value;
      case 'silence':
        return noreply;
      case 'keep':
        this.#callers.push(this.callerOf(request as { type: string }) as Caller<unknown>);
        return noreply;
      case 'end':
        return matter.last === undefined
          ? stop(matter.reason)
          : stop(matter.reason, this.#resultOf(matter.last, request) as never);
      case 'late':
        return turn().then(() => this.#resultOf(matter.matter, request));
      case 'wait':
        return this.#wait(matter.gate).then(() =>
          this.#resultOf(matter.matter ?? { type: 'silence' }, request),
        );
      default:
        return request;
    }
  }

  async #wait(gate: Pid<GateProtocol>): Promise<void> {
    await this.call(gate, { type: 'wait' }, { timeoutMs: 60_000 });
  }
}
