import { Actor, isResponseTo, noreply, processId, processName, reply } from 'tergo';
import type {
  Alias,
  Answer,
  Caller,
  Next,
  Node,
  Pid,
  ProcessId,
  Request,
  RequestRef,
  Response,
} from 'tergo';
import {
  counterName,
  type CounterProtocol,
  type CounterRequest,
} from '../../docs/samples/counter-contract.ts';
import { type Equal, expect, fits } from './expect.ts';

declare const node: Node;
declare const counter: Pid<CounterProtocol>;
declare const alias: Alias<CounterProtocol>;
declare const raw: Pid<unknown>;

// The reply belongs to the very request.
const total = await node.call(counter, { type: 'total' });
expect<Equal<typeof total, number>>();
fits<number>(await node.call(counter, { type: 'total' }));
const label = await node.call(counterName, { type: 'label', upper: true });
expect<Equal<typeof label, string>>();
const byAlias = await node.call(alias, { type: 'total' }, { timeoutMs: 10 });
expect<Equal<typeof byAlias, number>>();
const byId = await node.call(processId(counterName, 'a@localhost'), { type: 'label' });
expect<Equal<typeof byId, string>>();
declare const either: CounterRequest;
const both = await node.call(counter, either);
expect<Equal<typeof both, string | number>>();
// @ts-expect-error TS2820 '"totl"' is not assignable to '"total" | "label"'. Did you mean '"total"'?
await node.call(counter, { type: 'totl' });
// @ts-expect-error TS2353 'uper' does not exist
await node.call(counter, { type: 'label', uper: true });
// @ts-expect-error TS2322 number is not a boolean
await node.call(counter, { type: 'label', upper: 1 });
// @ts-expect-error TS2322 number is not a string
const wrong: string = await node.call(counter, { type: 'total' });
fits(wrong);
// @ts-expect-error TS2379 exactOptionalPropertyTypes
await node.call(counter, { type: 'label', upper: undefined });
// @ts-expect-error TS2820 a message is not a request
await node.call(counter, { type: 'reset' });
// @ts-expect-error TS2345 a bare string answers nothing
await node.call('counter', { type: 'total' });
// @ts-expect-error TS2353 there is no such option
await node.call(counter, { type: 'total' }, { timeout: 10 });
await node.call(counter, { type: 'total' }, { signal: AbortSignal.timeout(10), priority: 'max' });
await node.call(counter, { type: 'total' }, { important: true });

// Raw peers: what comes back is unknown.
const pong = await node.call(raw, ['ping', 1]);
expect<Equal<typeof pong, unknown>>();
interface KvProtocol {
  request: Request<{ type: 'get'; key: string }, string>;
}
const kv: ProcessId<KvProtocol> = processId(processName('kv'), 'erl@host');
fits<number>((await node.call(kv, { type: 'get', key: 'a' })).length);

// Inspection.
const description = await node.inspect(counter, 'total');
expect<Equal<typeof description, Readonly<Record<string, string>>>>();

// A request whose answer comes to handleResponse: the reference remembers the reply.
export class Asker extends Actor<{ message: 'ask' }> {
  #total: RequestRef<number> | undefined;
  #label: RequestRef<string> | undefined;

  override handleMessage(): Next {
    const ref = this.sendRequest(counter, { type: 'total' }, { timeoutMs: 10, label: 'first' });
    expect<Equal<typeof ref, RequestRef<number>>>();
    this.#total = ref;
    this.#label = this.sendRequest(alias, { type: 'label' }, { priority: 'high' });
    // @ts-expect-error TS2322 the reply to this one is a string
    this.#total = this.sendRequest(counter, { type: 'label' });
    // @ts-expect-error TS2820 checked like a call
    this.sendRequest(counter, { type: 'totl' });
    // @ts-expect-error TS2353 nobody waits, so there is no signal
    this.sendRequest(counter, { type: 'total' }, { signal: AbortSignal.timeout(10) });
    const unknown = this.sendRequest(raw, 'anything');
    expect<Equal<typeof unknown, RequestRef<unknown>>>();
    fits<boolean>(this.cancelRequest(ref));
    return noreply;
  }

  override handleResponse(response: Response): Next {
    if (isResponseTo(response, this.#total) && response.ok) {
      expect<Equal<typeof response.value, number>>();
    } else if (isResponseTo(response, this.#label)) {
      if (response.ok) fits<string>(response.value);
      else fits<Error>(response.error);
      // @ts-expect-error TS2339 there is a value only when it is ok
      fits(response.value);
    } else if (response.ok) {
      expect<Equal<typeof response.value, unknown>>();
      fits<string | undefined>(response.label);
    }
    return noreply;
  }
}

// Forward: the target must answer this very request with a fitting reply.
type Whole = Request<{ type: 'total' }, number>;
type Text = Request<{ type: 'total' }, string>;
export class Relay extends Actor<{ request: Whole }> {
  override handleCall(request: Whole): Answer {
    return this.forward(counterName, request);
  }
}
export class BadRelay extends Actor<{ request: Text }> {
  override handleCall(request: Text): Answer {
    // @ts-expect-error TS2345 the counter answers with a number, the caller of this one expects a string
    return this.forward(counterName, request);
  }
}
export class MessageRelay extends Actor<{ message: { type: 'reset' } | { type: 'other' } }> {
  override handleMessage(message: { type: 'reset' } | { type: 'other' }): Next {
    if (message.type === 'reset') return this.forward(counter, message);
    // @ts-expect-error TS2345 the counter does not take it
    return this.forward(counter, message);
  }
}

export class NamelessRelay extends Actor<{ request: Whole }> {
  override handleCall(request: Whole): Answer {
    // @ts-expect-error TS2345 a bare string answers nothing
    if (request === undefined) this.sendRequest('counter', { type: 'total' });
    // @ts-expect-error TS2345 not here either
    return this.forward('counter', request);
  }
}

// Deferred replies keep the type; a `Caller` is contravariant like a pid.
export class Later extends Actor<{ request: Whole | Request<{ type: 'text' }, string> }> {
  readonly #waiting: Caller<number>[] = [];

  override handleCall(request: Whole | Request<{ type: 'text' }, string>): Answer {
    if (request.type === 'total') {
      this.#waiting.push(this.callerOf(request));
      return noreply;
    }
    // @ts-expect-error TS2345 this caller waits for a string
    this.#waiting.push(this.callerOf(request));
    const [first] = this.#waiting;
    if (first) {
      this.sendResponse(first, 1);
      void this.sendResponseImportant(first, 1);
      // @ts-expect-error the caller takes a number
      void this.sendResponseImportant(first, '1');
      // @ts-expect-error TS2345 this one for a number
      this.sendResponse(first, '1');
    }
    return reply(request, 'text');
  }
}
fits<(caller: Caller<1>) => void>((_caller: Caller<never>) => {});
declare const wide: Caller<number | string>;
fits<Caller<number>>(wide);
declare const narrow: Caller<number>;
// @ts-expect-error TS2345 it waits for a number
fits<Caller<number | string>>(narrow);
