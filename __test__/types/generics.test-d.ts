import { Actor, noreply, reply, stop, unhandled } from 'tergo';
import type {
  Answer,
  MessageOf,
  Next,
  Node,
  Pid,
  ReplyOf,
  ReplyTo,
  Request,
  RequestOf,
  TypeOf,
} from 'tergo';
import type { CounterMessage, CounterProtocol } from '../../docs/samples/counter-contract.ts';
import { type Equal, expect } from './expect.ts';

declare const node: Node;

// Generic behaviours and subclasses work without a cast.
export type CacheRequest<V> =
  Request<{ type: 'get'; key: string }, V | undefined> | Request<{ type: 'size' }, number>;
export interface CacheProtocol<V> {
  message: { type: 'put'; key: string; value: V };
  request: CacheRequest<V>;
}
export class Cache<V> extends Actor<CacheProtocol<V>> {
  protected readonly entries: Map<string, V> = new Map();

  override handleMessage(message: CacheProtocol<V>['message']): Next {
    this.entries.set(message.key, message.value);
    return noreply;
  }
  override handleCall(request: CacheRequest<V>): Answer {
    switch (request.type) {
      case 'get':
        return reply(request, this.entries.get(request.key));
      case 'size':
        return reply(request, this.entries.size);
      default:
        return unhandled(request);
    }
  }
}
export class Users extends Cache<{ id: number }> {
  override handleMessage(message: CacheProtocol<{ id: number }>['message']): Next {
    return message.value.id < 0 ? stop(new Error('bad id')) : super.handleMessage(message);
  }
}
const users = await node.spawn(Users);
node.send(users, { type: 'put', key: 'a', value: { id: 1 } });
// @ts-expect-error TS2322 an id is a number
node.send(users, { type: 'put', key: 'a', value: { id: '1' } });
const user = await node.call(users, { type: 'get', key: 'a' });
expect<Equal<typeof user, { id: number } | undefined>>();
const numbers = await node.spawn(Cache<number>);
const n = await node.call(numbers, { type: 'get', key: 'a' });
expect<Equal<typeof n, number | undefined>>();

// A function over any process that understands a part.
export async function sizeOf(
  pid: Pid<{ request: Request<{ type: 'size' }, number> }>,
): Promise<number> {
  return await node.call(pid, { type: 'size' });
}
await sizeOf(users);
await sizeOf(numbers);
declare const counter: Pid<CounterProtocol>;
// @ts-expect-error TS2345 a counter has no size
await sizeOf(counter);

// The parts of a protocol.
expect<Equal<MessageOf<CounterProtocol>, CounterMessage>>();
expect<Equal<MessageOf<{ request: Request<{ type: 'a' }, 1> }>, never>>();
expect<Equal<MessageOf<unknown>, unknown>>();
expect<Equal<TypeOf<RequestOf<CounterProtocol>>, 'total' | 'label'>>();
expect<Equal<ReplyTo<CounterProtocol, 'label'>, string>>();
expect<Equal<ReplyOf<Request<{ type: 'a' }, 1>>, 1>>();
