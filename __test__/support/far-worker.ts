import {
  Actor,
  noreply,
  reply,
  type Answer,
  type EventMeta,
  type ExitReason,
  type MaybePromise,
  type Next,
  type Pid,
} from 'tergo';
import type { Ask, Got, HandProtocol, Who } from './pooled.ts';

/** What a worker of another thread tells its overseer, who has the things that all workers of a test share. */
export interface OverseerProtocol {
  message: { readonly got: Got } | { readonly end: string };
  request:
    { readonly type: 'enrol' | 'flush' } | { readonly type: 'hold'; readonly number: number };
}

/** What a worker does with a message `!crash`, `!hold` or `!trap`, which may stand behind the name of a route. */
export function deedOf(item: unknown): string | undefined {
  return typeof item === 'string' ? item.split('!')[1] : undefined;
}

/** A `Hand` for other threads. */
export class FarWorker extends Actor<HandProtocol> {
  #overseer!: Pid<OverseerProtocol>;
  #number = 0;

  override async init(overseer: Pid<OverseerProtocol>): Promise<void> {
    this.#overseer = overseer;
    this.#number = (await this.call(overseer, { type: 'enrol' })) as number;
  }

  override handleMessage(item: HandProtocol['message'], from: Pid<unknown>): MaybePromise<Next> {
    switch (deedOf(item)) {
      case 'crash':
        throw new Error('broken');
      case 'hold':
        return this.#hold();
      case 'trap':
        this.trapExit = true;
        return noreply;
      default:
        return this.#tell({ by: this.#number, item, from });
    }
  }

  override handleCall(request: Who | Ask): Answer {
    return reply(request as Who, this.#number);
  }

  override handleEvent(item: string, { name }: EventMeta): Next {
    return this.#tell({ by: this.#number, item: `${name}: ${item}` });
  }

  override terminate(reason: ExitReason): void {
    const text = reason instanceof Error ? reason.message : reason;
    this.send(this.#overseer, { end: `${this.#number} ${text}` });
  }

  async #hold(): Promise<Next> {
    const request = { type: 'hold', number: this.#number } as const;
    await this.call(this.#overseer, request, { timeoutMs: 60_000 });
    return noreply;
  }

  #tell(got: Got): Next {
    this.send(this.#overseer, { got });
    return noreply;
  }
}
