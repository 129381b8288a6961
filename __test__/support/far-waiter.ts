import {
  noreply,
  reply,
  replyError,
  stop,
  type Answer,
  type ExitReason,
  type MaybePromise,
  type Next,
  type Pid,
} from 'tergo';
import { Doer, type Order } from './doer.ts';
import { turn } from './wait-for.ts';

/** What a callback waits for. */
export type Step =
  | 'a promise'
  | 'a turn'
  | 'a tick'
  /** Until somebody of the same thread opens it. */
  | { readonly door: string }
  | { readonly call: Pid<unknown> }
  | { readonly spawn: number }
  /** Waits for nothing: what comes of this is written down. */
  | { readonly send: Pid<unknown> };

/** What a callback does, as a message or a request. */
export interface Ado {
  readonly type: 'ado';
  /** By which it is written down; `message` or `call` by default. */
  readonly label?: string;
  /** Kills itself first. */
  readonly isKilled?: boolean;
  readonly steps?: readonly Step[];
  /** Nothing in particular by default. */
  readonly result?: 'an answer' | 'a last answer' | 'a refusal' | 'a crash' | 'a stop';
}

/** What a waiter does in its `init`. */
export interface Beginning {
  readonly steps?: readonly Step[];
  readonly toItself?: string;
  /** Whom it hears of; an event of its own has the name `own`. */
  readonly hears?: {
    readonly event: string;
    readonly linked: Pid<unknown>;
    readonly monitored: Pid<unknown>;
    readonly asked: Pid<unknown>;
    readonly own: string;
  };
  /** Whom its `terminate` writes to after a turn. */
  readonly heir?: Pid<unknown>;
}

export interface WaiterProtocol {
  message: Ado | string;
  request: Ado | Order;
  event: unknown;
}

/** Of all waiters of this thread. */
const doors = new Map<string, PromiseWithResolvers<void>>();
const diaries = new Map<string, string[]>();

function doorOf(name: string): PromiseWithResolvers<void> {
  const door = doors.get(name) ?? Promise.withResolvers<void>();
  doors.set(name, door);
  return door;
}

/** Waits in its callbacks as it is told, and writes down when each begins and ends; another one of its thread reads that. */
export class FarWaiter extends Doer<WaiterProtocol> {
  #diary: string[] = [];
  #heir: Pid<unknown> | undefined;

  override async init(label = '', beginning: Beginning = {}): Promise<void> {
    diaries.set(label, this.#diary);
    const { steps = [], toItself, hears, heir } = beginning;
    this.#heir = heir;
    if (toItself !== undefined) this.send(this.pid, toItself);
    if (hears !== undefined) await this.#hear(hears);
    if (steps.length > 0) await this.#pass('init', steps);
  }

  open(door: string): void {
    doorOf(door).resolve();
  }

  diary(label: string): readonly string[] {
    return diaries.get(label) ?? [];
  }

  override handleMessage(message: Ado | string): MaybePromise<Next> {
    if (typeof message !== 'string') return this.#do(message, 'message') as MaybePromise<Next>;
    this.#diary.push(message);
    return noreply;
  }

  override handleCall(request: Ado | Order): MaybePromise<Answer> {
    if (request.type === 'do') return this.obey(request);
    return this.#do(request, 'call') as MaybePromise<Answer>;
  }

  override handleEvent(): Promise<Next> {
    return this.#hesitate('event');
  }

  override handleExit(): Promise<Next> {
    return this.#hesitate('exit');
  }

  override handleDown(): Promise<Next> {
    return this.#hesitate('down');
  }

  override handleResponse(): Promise<Next> {
    return this.#hesitate('response');
  }

  override handleEventStart(): Promise<Next> {
    return this.#hesitate('start');
  }

  override handleEventStop(): Promise<Next> {
    return this.#hesitate('stop');
  }

  override terminate(reason: ExitReason): MaybePromise<void> {
    const { aborted, reason: why } = this.signal;
    this.#diary.push(`end ${reason}`, aborted ? `aborted ${why}` : 'not aborted');
    if (this.#heir !== undefined) return turn().then(() => void this.send(this.#heir!, 'bequest'));
  }

  async #hear({ event, linked, monitored, asked, own }: Required<Beginning>['hears']) {
    this.trapExit = true;
    await this.linkEvent(event);
    await this.link(linked);
    await this.monitor(monitored);
    this.registerEvent(own, { notify: true });
    this.sendRequest(asked, { type: 'bare' });
  }

  async #hesitate(kind: string): Promise<Next> {
    await this.#pass(kind, ['a turn']);
    return noreply;
  }

  #do(ado: Ado, kind: 'message' | 'call'): unknown {
    const { label = kind, steps = [] } = ado;
    if (ado.isKilled === true) this.node.kill(this.pid);
    if (steps.length === 0) return this.#resultOf(ado);
    return this.#pass(label, steps).then(() => this.#resultOf(ado));
  }

  async #pass(label: string, steps: readonly Step[]): Promise<void> {
    this.#diary.push(`${label} begins`);
    for (const step of steps) await this.#take(step);
    this.#diary.push(`${label} ends`);
  }

  #take(step: Step): unknown {
    if (step === 'a promise') return Promise.resolve();
    if (step === 'a turn') return turn();
    if (step === 'a tick') return new Promise<void>((resolve) => process.nextTick(resolve));
    if ('door' in step) return doorOf(step.door).promise;
    if ('call' in step) return this.call(step.call, { type: 'bare' }, { timeoutMs: 60_000 });
    if ('spawn' in step) return this.spawn(FarWaiter, { thread: step.spawn });
    return this.#diary.push(this.send(step.send, 'sent'));
  }

  #resultOf(ado: Ado): unknown {
    switch (ado.result) {
      case 'an answer':
        return reply(ado, 'answer' as never);
      case 'a last answer':
        return stop('normal', reply(ado, 'answer' as never));
      case 'a refusal':
        return replyError(ado, new Error('refused'));
      case 'a crash':
        throw new Error('on purpose');
      case 'a stop':
        return stop('shutdown');
      default:
        return noreply;
    }
  }
}
