import {
  Actor,
  noreply,
  processName,
  stop,
  type Answer,
  type AnyPid,
  type Down,
  type EventMeta,
  type Exit,
  type ExitReason,
  type MaybePromise,
  type Next,
  type ProcessName,
} from 'tergo';
import type { Notice } from './witness.ts';

/** What a witness of another thread is told; it cannot be given functions. */
export type FarOrder =
  { readonly type: 'crash'; readonly reason: Error } | { readonly type: 'stop' };

/** One of its own methods. */
export interface FarRequest {
  readonly type: 'do';
  readonly op: string;
  readonly args: readonly unknown[];
}

export interface FarWitnessProtocol {
  message: unknown;
  request: FarRequest;
  event: unknown;
}

/** A line in the book of a witness. */
export type Line = readonly [label: string, notice: Notice];

/** Who writes down what the witnesses of other threads hear. */
export const scribe: ProcessName<{ message: Line; request: { type: 'flush' } }> =
  processName('scribe');

/** A `Witness` for other threads: it does by order what it would be told by a function, and tells the scribe what it hears. */
export class FarWitness extends Actor<FarWitnessProtocol> {
  #label = '';

  override init(label: string, trapExit = false): void {
    this.#label = label;
    this.trapExit = trapExit;
  }

  override handleMessage(message: unknown, from: AnyPid): Next {
    const { type, reason } = (message ?? {}) as { type?: string; reason?: Error };
    if (type === 'crash') throw reason;
    if (type === 'stop') return stop('normal');
    return this.#tell({ on: 'message', message, from });
  }

  override async handleCall({ op, args }: FarRequest): Promise<Answer> {
    const self = this as unknown as Record<string, (...all: unknown[]) => unknown>;
    try {
      return ['done', await self[op]!(...args)] as never;
    } catch (error) {
      return ['failed', error] as never;
    }
  }

  override handleEvent(message: unknown, meta: EventMeta): Next {
    return this.#tell({ on: 'event', message, meta });
  }

  override handleExit(ended: Exit): Next {
    return this.#tell({ on: 'exit', ended });
  }

  override handleDown(ended: Down): Next {
    return this.#tell({ on: 'down', ended });
  }

  override handleEventStart(event: string): Next {
    return this.#tell({ on: 'event-start', event });
  }

  override handleEventStop(event: string): Next {
    return this.#tell({ on: 'event-stop', event });
  }

  override terminate(reason: ExitReason, exit?: Exit): MaybePromise<void> {
    this.#tell({ on: 'terminate', reason, exit });
  }

  #tell(notice: Notice): Next {
    this.send(scribe, [this.#label, notice]);
    return noreply;
  }
}
