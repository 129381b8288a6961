import { Actor, noreply, reply, stop, unhandled } from 'tergo';
import type { Answer, ExitReason, Next } from 'tergo';
import type { CounterMessage, CounterProtocol, CounterRequest } from './counter-contract.ts';

export class Counter extends Actor<CounterProtocol> {
  #total = 0;

  override init(start: number): void {
    if (!Number.isSafeInteger(start)) throw new RangeError('start must be an integer');
    this.#total = start;
  }

  override handleMessage(message: CounterMessage): Next {
    switch (message.type) {
      case 'add':
        this.#total += message.by;
        return noreply;
      case 'reset':
        return stop('normal');
      default:
        return unhandled(message);
    }
  }

  override handleCall(request: CounterRequest): Answer {
    switch (request.type) {
      case 'total':
        return reply(request, this.#total);
      case 'label':
        return reply(request, request.upper ? 'COUNTER' : 'counter');
      default:
        return unhandled(request);
    }
  }

  override terminate(reason: ExitReason): void {
    this.log.info('counter ends', { total: this.#total, reason });
  }
}
