import { Actor, noreply, reply, replyError, stop, unhandled } from 'tergo';
import type {
  Alias,
  Answer,
  Caller,
  Down,
  Exit,
  ExitReason,
  LogRecord,
  Next,
  Pid,
  Request,
} from 'tergo';
import type {
  CounterMessage,
  CounterProtocol,
  CounterRequest,
} from '../../docs/samples/counter-contract.ts';
import { type Equal, expect, fits } from './expect.ts';

// A missed message, a missed request.
export class Missed extends Actor<CounterProtocol> {
  // @ts-expect-error TS2366 lacks ending return: 'reset' is missed
  override handleMessage(message: CounterMessage): Next {
    switch (message.type) {
      case 'add':
        return noreply;
    }
  }
  // @ts-expect-error TS2366 lacks ending return: 'label' is missed
  override handleCall(request: CounterRequest): Answer {
    switch (request.type) {
      case 'total':
        return reply(request, 1);
    }
  }
}

// A missed variant by name, a wrong reply, a bare value, a forgotten outcome.
export class Named extends Actor<CounterProtocol> {
  override handleMessage(message: CounterMessage): Next {
    switch (message.type) {
      case 'add':
        return noreply;
      default:
        // @ts-expect-error TS2345 '{ type: "reset"; }' is not assignable to parameter of type 'never'
        return unhandled(message);
    }
  }
  override handleCall(request: CounterRequest): Answer {
    switch (request.type) {
      case 'total':
        // @ts-expect-error TS2345 'string' is not assignable to parameter of type 'number'
        return reply(request, 'ten');
      case 'label':
        // @ts-expect-error TS2322 a bare value is no answer
        return 'counter';
    }
  }
  // @ts-expect-error TS2416 'void' is not assignable to 'MaybePromise<Next>'
  override handleDown(): void {}
  // @ts-expect-error TS2416 a promise of nothing neither
  override async handleExit(): Promise<void> {}
}

export class Unmatched extends Actor<CounterProtocol> {
  // @ts-expect-error TS2416 another message type
  override handleMessage(_message: { type: 'other' }): Next {
    return noreply;
  }
  override handleCall(_request: CounterRequest): Answer {
    return stop('normal');
  }
}

// What is none of the outcomes.
declare const total: Request<{ type: 'total' }, number>;
declare const never: Request<{ type: 'fail' }, never>;
// @ts-expect-error TS2345 a reason is 'normal', 'shutdown', 'kill' or an error
stop('because');
// @ts-expect-error TS2345 the answer is what `reply` makes
stop('normal', 10);
// @ts-expect-error TS2345 an error, not its text
replyError(total, 'not today');
// @ts-expect-error TS2345 nothing is a reply to this request
reply(never, undefined);
expect<Equal<ReturnType<typeof reply>, Answer>>();
stop(new Error('full'), replyError(total, new Error('full')));
stop('normal', noreply);

// Every callback, synchronous and asynchronous, with what it is given.
export class Everything extends Actor<CounterProtocol & { event: 'tick' }> {
  override async init(start: number, ..._rest: readonly string[]): Promise<void> {
    fits(start);
  }
  override async handleMessage(message: CounterMessage, from: Pid<unknown>): Promise<Next> {
    expect<Equal<typeof message, CounterMessage>>();
    this.send(from, message);
    return noreply;
  }
  override handleMessageName(_message: CounterMessage, _from: Pid<unknown>, name: string): Next {
    fits(name.length);
    return noreply;
  }
  override handleMessageAlias(_m: CounterMessage, _from: Pid<unknown>, alias: Alias<never>): Next {
    fits(alias.alias);
    return noreply;
  }
  override async handleCall(request: CounterRequest): Promise<Answer> {
    switch (request.type) {
      case 'total': {
        const caller = this.callerOf(request);
        expect<Equal<typeof caller, Caller<number>>>();
        this.sendResponse(caller, 1);
        // @ts-expect-error TS2345 this caller waits for a number
        this.sendResponse(caller, 'one');
        this.sendResponseError(caller, new Error('no'));
        return noreply;
      }
      case 'label':
        return reply(request, 'label');
      default:
        return unhandled(request);
    }
  }
  override handleCallName(request: CounterRequest): Answer {
    return replyError(request, new Error('not by name'));
  }
  override handleCallAlias(_request: CounterRequest): Answer {
    return stop();
  }
  override handleEvent(message: 'tick'): Next {
    expect<Equal<typeof message, 'tick'>>();
    return noreply;
  }
  override handleExit({ kind, reason }: Exit): Next {
    expect<Equal<typeof kind, 'pid' | 'name' | 'alias' | 'event' | 'node'>>();
    return stop(reason);
  }
  override handleDown(down: Down): Next {
    if (down.kind === 'pid') fits<number>(down.pid.id);
    // @ts-expect-error TS2339 only the end of a process has its pid
    else fits(down.pid);
    return noreply;
  }
  override handleEventStart(event: string): Next {
    this.log.info(event);
    return noreply;
  }
  override handleEventStop(_event: string): Next {
    return noreply;
  }
  override async handleLog({ message }: LogRecord): Promise<Next> {
    fits<string>(message);
    return noreply;
  }
  override handleInspect(items: readonly string[]): Readonly<Record<string, string>> {
    return { items: items.join() };
  }
  override async terminate(reason: ExitReason, exit?: Exit): Promise<void> {
    expect<Equal<typeof reason, 'normal' | 'shutdown' | 'kill' | Error>>();
    this.log.info('ends', { kind: exit?.kind });
  }
}

export class Wrong extends Actor<CounterProtocol> {
  // @ts-expect-error TS2416 a description is made of strings
  override handleInspect(): Record<string, number> {
    return { size: 1 };
  }
  // @ts-expect-error TS2416 terminate decides nothing any more
  override terminate(): Next {
    return noreply;
  }
}
