import type { ProcessRecord } from '../process/process-record.ts';
import type { EventMessage, EventOptions } from './event-message.ts';

/** A registered event. */
export class EventRecord {
  readonly name: string;
  readonly node: string;
  readonly owner: ProcessRecord;
  /** Its address in the core. */
  readonly index: number;
  readonly generation: number;
  /** What proves the right to publish. */
  readonly token: string;
  readonly isOpen: boolean;
  readonly isNotifying: boolean;
  readonly bufferSize: number;
  /** The last messages; when there are as many as may be, each new one takes the place of the oldest. */
  readonly #buffer: EventMessage<unknown>[] = [];
  #oldest = 0;

  constructor(origin: EventOrigin, options: EventOptions) {
    this.name = origin.name;
    this.node = origin.node;
    this.owner = origin.owner;
    this.index = origin.index;
    this.generation = origin.generation;
    this.token = origin.token;
    this.isOpen = options.open ?? false;
    this.isNotifying = options.notify ?? false;
    this.bufferSize = options.buffer ?? 0;
  }

  /** Keeps a message for later subscribers. */
  keep(message: EventMessage<unknown>): void {
    if (this.bufferSize === 0) return;
    if (this.#buffer.length < this.bufferSize) return void this.#buffer.push(message);
    this.#buffer[this.#oldest] = message;
    this.#oldest = (this.#oldest + 1) % this.bufferSize;
  }

  /** The last messages, oldest first; a copy. */
  backlog(): EventMessage<unknown>[] {
    return this.#buffer.slice(this.#oldest).concat(this.#buffer.slice(0, this.#oldest));
  }
}

/** Where an event stands and whose it is. */
export interface EventOrigin {
  readonly name: string;
  readonly node: string;
  readonly owner: ProcessRecord;
  readonly index: number;
  readonly generation: number;
  readonly token: string;
}
