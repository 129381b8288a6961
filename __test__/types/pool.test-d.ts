import {
  Actor,
  childSpec,
  consistentHash,
  discard,
  noreply,
  Pool,
  poolSpec,
  processName,
  reply,
  route,
  Router,
  routeTo,
} from 'tergo';
import type {
  Answer,
  ConsistentHash,
  Next,
  Node,
  Pid,
  PoolSpec,
  PoolStatistics,
  ProcessName,
  Request,
  Route,
  Routed,
  RouteFailure,
  RouteInfo,
  RouterSpec,
} from 'tergo';
import { type Equal, expect, fits } from './expect.ts';

declare const node: Node;

type Resize = Request<{ type: 'resize'; path: string }, { bytes: number }>;
type Clear = { type: 'clear'; before: number };
interface ResizerProtocol {
  message: Clear;
  request: Resize;
  event: 'tick';
}
const resizers: ProcessName<ResizerProtocol> = processName('resizers');

class Resizer extends Actor<ResizerProtocol> {
  override init(_folder: string): void {}
  override handleMessage(_message: Clear): Next {
    return noreply;
  }
  override handleCall(request: Resize): Answer {
    return reply(request, { bytes: 1 });
  }
  override handleEvent(_tick: 'tick'): Next {
    return noreply;
  }
}
/** Accepts more than a resizer. */
class Universal extends Actor<{ message: unknown; request: Resize; event: unknown }> {
  override handleMessage(): Next {
    return noreply;
  }
  override handleCall(request: Resize): Answer {
    return reply(request, { bytes: 2 });
  }
  override handleEvent(): Next {
    return noreply;
  }
}
/** Accepts less. */
class Clearer extends Actor<{ message: Clear }> {
  override handleMessage(): Next {
    return noreply;
  }
}
/** Has no event. */
class Blind extends Actor<{ message: Clear; request: Resize }> {
  override handleMessage(): Next {
    return noreply;
  }
  override handleCall(request: Resize): Answer {
    return reply(request, { bytes: 3 });
  }
}
class Plain {}

// A spec checks class, arguments and options of the workers.
const spec = poolSpec(Resizer, { size: 4, args: ['/tmp'] });
expect<Equal<typeof spec, PoolSpec<ResizerProtocol>>>();
poolSpec(Resizer, {
  ...{ args: ['/tmp'], workerMailboxSize: 10, route: 'least-loaded', shutdownTimeoutMs: Infinity },
  ...{ logLevel: 'debug', priority: 'high', initTimeoutMs: 0 },
});
poolSpec(Universal);
// @ts-expect-error TS2554 args missing
poolSpec(Resizer);
// @ts-expect-error TS2345 args missing
poolSpec(Resizer, { size: 4 });
// @ts-expect-error TS2322 wrong args
poolSpec(Resizer, { args: [4] });
// @ts-expect-error TS2345 not a behaviour
poolSpec(Plain);
// @ts-expect-error TS2322 no such route
poolSpec(Universal, { route: 'random' });
// @ts-expect-error TS2353 many cannot have one name
poolSpec(Universal, { name: 'one' });
// @ts-expect-error TS2353 it is workerMailboxSize
poolSpec(Universal, { mailboxSize: 1 });
// @ts-expect-error TS2353 its pool links it
poolSpec(Universal, { linkParent: false });

// The key function gets what the protocol has, and gives a key.
poolSpec(Resizer, {
  args: ['/tmp'],
  route: consistentHash((item) => {
    expect<Equal<typeof item, Clear | Resize | 'tick'>>();
    return item === 'tick' ? item : item.type === 'clear' ? item.before : item.path;
  }),
});
const byPath = consistentHash((item: { path?: string }) => item.path ?? '');
expect<Equal<typeof byPath, ConsistentHash<{ path?: string }>>>();
// @ts-expect-error TS2345 no key
consistentHash((item: Clear) => ({ item }));
poolSpec(Resizer, {
  args: ['/tmp'],
  // @ts-expect-error TS2322 not everything that it gets is a Clear
  route: consistentHash((item: Clear) => item.before),
});

// Workers that accept at least what the pool does fit; others do not.
class Resizers extends Pool<ResizerProtocol> {
  override init(size: number): PoolSpec<ResizerProtocol> {
    return poolSpec(Resizer, { size, args: ['/tmp'] });
  }
  override async handleMessage(message: Clear): Promise<Next> {
    expect<Equal<ReturnType<Resizers['statistics']>, PoolStatistics>>();
    fits<number>(await this.addWorkers(message.before));
    fits<number>(await this.removeWorkers(1));
    return noreply;
  }
}
export class Wide extends Pool<ResizerProtocol> {
  override init(): PoolSpec<ResizerProtocol> {
    return poolSpec(Universal);
  }
}
export class Narrow extends Pool<ResizerProtocol> {
  override init(): PoolSpec<ResizerProtocol> {
    // @ts-expect-error TS2322 a Clearer answers no Resize
    return poolSpec(Clearer);
  }
}
export class Deaf extends Pool<ResizerProtocol> {
  override init(): PoolSpec<ResizerProtocol> {
    // @ts-expect-error TS2322 a Blind takes no event
    return poolSpec(Blind);
  }
}
export class Literal extends Pool<ResizerProtocol> {
  override init(): PoolSpec<ResizerProtocol> {
    // @ts-expect-error TS2741 a literal was checked by nobody
    return { size: 3 };
  }
}
// @ts-expect-error TS2515 a pool has an init
export class Empty extends Pool<ResizerProtocol> {}
export class Wrong extends Pool<ResizerProtocol> {
  // @ts-expect-error TS2416 which gives the spec
  override init(): void {}
}

// A pool is spawned, named, called and supervised like a worker, with types inferred.
const pool = await node.spawn(Resizers, { args: [4], name: resizers });
expect<Equal<typeof pool, Pid<ResizerProtocol>>>();
const { bytes } = await node.call(pool, { type: 'resize', path: 'a.png' });
expect<Equal<typeof bytes, number>>();
childSpec(resizers, Resizers, { args: [4] });
poolSpec(Resizers, { args: [2] });
// @ts-expect-error TS2554 args missing
childSpec(resizers, Resizers);
// @ts-expect-error TS2820 no such request
await node.call(pool, { type: 'resise', path: 'a.png' });
// @ts-expect-error TS2345 no such message
node.send(pool, 'tick');

// Routes know their protocols.
const clearerName: ProcessName<{ message: Clear }> = processName('clearer');
const owned = route('one', Resizer, { args: ['/tmp'], mailboxSize: 10 });
expect<Equal<typeof owned, Route<ResizerProtocol>>>();
const registered = routeTo('two', resizers);
expect<Equal<typeof registered, Route<ResizerProtocol>>>();
// @ts-expect-error TS2554 args missing
route('one', Resizer);
// @ts-expect-error TS2322 wrong args
route('one', Resizer, { args: [1] });
// @ts-expect-error TS2353 a route has its name already
route('one', Universal, { name: 'x' });
// @ts-expect-error TS2345 not a behaviour
route('one', Plain);
// @ts-expect-error TS2345 a pid is no name
routeTo('two', pool);

export class Resizing extends Router<ResizerProtocol> {
  override init(): RouterSpec<ResizerProtocol> {
    return { routes: [owned, registered, route('three', Universal)], fallback: 'one' };
  }
  override routeMessage(message: Clear): Routed {
    return message.before > 0 ? 'one' : discard;
  }
  override routeCall(request: Resize): Routed {
    return request.path === '' ? undefined : request.path;
  }
  override handleRouteFailed({ route: name, code }: RouteFailure): Next {
    this.log.info('failed', { name, code });
    return noreply;
  }
  override async handleMessage(): Promise<Next> {
    await this.addRoute(owned);
    await this.replaceRoute(registered);
    // @ts-expect-error TS2345 it answers no Resize
    await this.addRoute(route('four', Clearer));
    // @ts-expect-error TS2345 nor does whoever has this name
    await this.addRoute(routeTo('four', clearerName));
    // @ts-expect-error TS2345 nothing is known of a bare name
    await this.addRoute(routeTo('four', 'bare'));
    // @ts-expect-error TS2345 a route is known by its name
    await this.removeRoute(owned);
    expect<Equal<ReturnType<Resizing['routes']>, readonly RouteInfo[]>>();
    return noreply;
  }
}
export class Misrouted extends Router<ResizerProtocol> {
  override init(): RouterSpec<ResizerProtocol> {
    // @ts-expect-error TS2322 a Clearer answers no Resize
    return { routes: [owned, route('three', Clearer)] };
  }
  // @ts-expect-error TS2416 a route is a name
  override routeMessage(): number {
    return 1;
  }
}
export class Waiting extends Router<ResizerProtocol> {
  override init(): RouterSpec<ResizerProtocol> {
    return { routes: [] };
  }
  // @ts-expect-error TS2416 a router does not wait
  override routeMessage(): Promise<Routed> {
    return Promise.resolve('one');
  }
}
const router = await node.spawn(Resizing);
expect<Equal<typeof router, Pid<ResizerProtocol>>>();
