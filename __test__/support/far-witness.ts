import {
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
  type Pid,
  type ProcessName,
  type Response,
  type SpawnOptions,
} from 'tergo';
import { Doer, type Order } from './doer.ts';
import type { Notice } from './witness.ts';

/** What a witness of another thread is told; it cannot be given functions. */
export type FarOrder =
  { readonly type: 'crash'; readonly reason: Error } | { readonly type: 'stop' };

export interface FarWitnessProtocol {
  message: unknown;
  request: Order;
  event: unknown;
}

export type FarOptions = SpawnOptions<FarWitnessProtocol, [label: string, trapExit?: boolean]>;

/** A line in the book of a witness. */
export type Line = readonly [label: string, notice: Notice];

/** Who writes down what the witnesses of other threads hear. */
export const scribe: ProcessName<{ message: Line; request: { type: 'flush' } }> =
  processName('scribe');

/** A `Witness` for other threads: it does by order what it would be told by a function, and tells the scribe what it hears. */
export class FarWitness extends Doer<FarWitnessProtocol> {
  #label = '';

  override init(label: string, trapExit = false): void {
    this.#label = label;
    this.trapExit = trapExit;
  }

  /** Another one, its child. */
  spawnFar(options: FarOptions): Promise<Pid<FarWitnessProtocol>> {
    return this.spawn(FarWitness, options);
  }

  override handleMessage(message: unknown, from: AnyPid): Next {
    const { type, reason } = (message ?? {}) as { type?: string; reason?: Error };
    if (type === 'crash') throw reason;
    if (type === 'stop') return stop('normal');
    return this.#tell({ on: 'message', message, from });
  }

  override handleCall(order: Order): Promise<Answer> {
    return this.obey(order);
  }

  override handleResponse(response: Response): Next {
    return this.#tell({ on: 'response', response });
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
