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
  /** The last messages, oldest first. */
  readonly buffer: EventMessage<unknown>[] = [];

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
    if (this.buffer.length === this.bufferSize) this.buffer.shift();
    this.buffer.push(message);
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
