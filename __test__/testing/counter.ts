import {
  Actor,
  noreply,
  processName,
  reply,
  stop,
  type Answer,
  type Next,
  type ProcessName,
  type Request,
} from 'tergo';

/** Asks for the sum. */
export type Total = Request<{ type: 'total' }, number>;
/** What it takes. */
export type CounterMessage =
  { type: 'add'; by: number } | { type: 'burst'; times: number } | { type: 'reset' };

/** Adds, and tells the sum. */
export class Counter extends Actor<{ message: CounterMessage; request: Total }> {
  #total = 0;
  override init(start: number): void {
    if (start < 0) throw new RangeError('start must not be negative');
    this.#total = start;
  }
  override handleMessage(message: CounterMessage): Next {
    if (message.type === 'reset') return stop();
    if (message.type === 'burst') {
      if (message.times > 0) this.send(this.pid, { type: 'burst', times: message.times - 1 });
    } else this.#total += message.by;
    this.log.info('total', { total: this.#total });
    return noreply;
  }
  override handleCall(request: Total): Answer {
    return reply(request, this.#total);
  }
}

/** By which others call it. */
export const counterName: ProcessName<{ message: CounterMessage; request: Total }> =
  processName('counter');
