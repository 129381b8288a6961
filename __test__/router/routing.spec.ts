import test, { type ExecutionContext } from 'ava';
import {
  Actor,
  eventName,
  noreply,
  processName,
  routeTo,
  type CallOptions,
  type EventName,
  type Next,
  type Node,
  type Pid,
  type ProcessName,
  type RouteFailure,
  type RouteFailureCode,
  type SendOptions,
} from 'tergo';
import {
  FarRouted,
  FarRouter,
  type FarRouterPlan,
  type FarRouterProtocol,
  type Parcel,
} from '../support/far-router.ts';
import {
  closeShared,
  freshName,
  newBook,
  places,
  settled,
  sharedPlace,
  witnessOn,
  type Book,
  type Place,
} from '../support/places.ts';
import { Hand, type HandProtocol, type Self, type Task } from '../support/pooled.ts';
import { handRoute, routed } from '../support/routed.ts';
import { waitFor } from '../support/wait-for.ts';
import { gone, holdings, holdsAgain, spawnWitness, type Handle } from '../support/witness.ts';

const registered: ProcessName<HandProtocol> = processName('registered');

test('messages, calls and events go by the route that the callbacks name; what has priority is for the router', async (t) => {
  const world = await routed(t);
  const { node, pid, clock } = world;
  const news: EventName<string> = eventName('news');
  const publisher = node.registerEvent(news);
  await world.inside(async (self) => void (await self.monitorEvent(news)));
  node.send(pid, 'a: one');
  node.send(pid, 'b: two');
  node.sendEvent(publisher, 'b: three');
  t.is(await world.who('a'), 1);
  t.is(await world.who('b'), 2);
  t.is(await node.call(pid, { type: 'who', key: 'a' }, { priority: 'high' }), 0);
  node.send(pid, 'b: admin', { priority: 'max' });
  await clock.settle();
  t.deepEqual(world.got.map(({ by, item }) => `${by} ${String(item)}`).toSorted(), [
    '0 b: admin',
    '1 a: one',
    '2 b: two',
    '2 news: b: three',
  ]);
});

test('whoever a route leads to sees the original sender, and answers it directly', async (t) => {
  const world = await routed(t);
  const witness = await spawnWitness(world.node);
  await witness.run((self) => void self.send(world.pid, 'b: hello'));
  t.is(await witness.run((self) => self.call(world.pid, { type: 'who', key: 'b' })), 2);
  t.is(world.got[0]?.from, witness.pid);
});

test.after.always(closeShared);

interface FarWorld {
  readonly node: Node;
  readonly sender: Handle;
  readonly pid: Pid<FarRouterProtocol>;
  readonly own: Book;
  readonly hands: readonly [Book, Book];
  /** A call of the sender; gives the label of who has answered, and whom that has seen asking. */
  ask(to?: string, options?: CallOptions): Promise<unknown>;
  send(to: string | undefined, what: string, options?: SendOptions): Promise<unknown>;
}

const parcelTo = (to: string | undefined, type: string): Parcel =>
  to === undefined ? { type } : { type, to };

/** A router away from who sends, and the processes of its two routes. */
async function farRouted(
  t: ExecutionContext,
  place: Place,
  {
    registered,
    hasFallback = false,
  }: { registered?: ProcessName<FarRouterProtocol>; hasFallback?: boolean } = {},
): Promise<FarWorld> {
  const node = await sharedPlace(t, place);
  const [own, first, second] = [newBook(), newBook(), newBook()];
  const owned = [first.label, second.label];
  const plan: FarRouterPlan = {
    ...{ label: own.label, owned, thread: place.self },
    ...(registered === undefined ? {} : { registered }),
    ...(hasFallback ? { fallback: second.label } : {}),
  };
  const options = { thread: place.other, logLevel: 'disabled' } as const;
  const pid = await node.spawn(FarRouter, { ...options, args: [plan] });
  const sender = await witnessOn(node, place.self);
  return {
    ...{ node, sender, pid, own, hands: [first, second] },
    ask: (to, rest) => sender.run((self) => self.call(pid, parcelTo(to, 'who') as never, rest)),
    send: (to, what, rest) => sender.run((self) => self.send(pid, parcelTo(to, what), rest)),
  };
}

function itemsOf({ seen }: Book): unknown[] {
  return seen.map((notice) => ('message' in notice ? (notice.message as Parcel).type : notice.on));
}

for (const place of places.filter(({ isThreaded }) => isThreaded)) {
  test(`messages, calls and events go by the route that the callbacks name; what has priority is for the router${place.title}`, async (t) => {
    const world = await farRouted(t, place);
    const { node, sender, own, hands } = world;
    const [a, b] = [hands[0].label, hands[1].label];
    const news = freshName('news');
    const publisher = await sender.run((self) => self.registerEvent<Parcel>(news));
    await world.send(news, 'monitor', { priority: 'high' });
    await settled(node);
    await world.send(a, 'one');
    await world.send(b, 'two');
    await sender.run((self) => self.sendEvent(publisher, { type: 'three', to: b }));
    t.deepEqual(await world.ask(a), [a, sender.pid]);
    t.deepEqual(await world.ask(b), [b, sender.pid]);
    t.deepEqual(await world.ask(a, { priority: 'high' }), [own.label, sender.pid]);
    await world.send(b, 'admin', { priority: 'max' });
    await settled(node);
    t.deepEqual([own, ...hands].map(itemsOf), [['monitor', 'admin'], ['one'], ['two', 'three']]);
  });

  test(`whoever a route leads to sees the original sender, and answers it directly${place.title}`, async (t) => {
    const { node, sender, hands, send, ask } = await farRouted(t, place);
    await send(hands[1].label, 'hello');
    t.deepEqual(await ask(hands[1].label), [hands[1].label, sender.pid]);
    await settled(node);
    t.like(hands[1].seen, [{ on: 'message', from: sender.pid }]);
  });

  test(`a registered route leads to whoever has the name at that time${place.title}`, async (t) => {
    const registered = processName<FarRouterProtocol>(freshName('registered'));
    const { node, sender, ask } = await farRouted(t, place, { registered });
    await t.throwsAsync(ask('registered'), { code: 'name-unknown' });
    for (const thread of [place.self, place.other]) {
      const { label } = newBook();
      const hand = await node.spawn(FarRouted, { name: registered, thread, args: [label] });
      await settled(node);
      t.deepEqual(await ask('registered'), [label, sender.pid]);
      node.kill(hand);
      await gone(node, { pid: hand });
      await settled(node);
    }
    await t.throwsAsync(ask('registered'), { code: 'name-unknown' });
  });

  test(`what no route is named for takes the fallback; without one it has failed${place.title}`, async (t) => {
    const world = await farRouted(t, place, { hasFallback: true });
    const [, rest] = world.hands;
    t.deepEqual(await world.ask(), [rest.label, world.sender.pid]);
    await world.send(undefined, 'no name');
    await settled(world.node);
    t.deepEqual(itemsOf(rest), ['no name']);
    // A name that is none is a mistake, not for the fallback.
    await t.throwsAsync(world.ask('c'), {
      code: 'route-unknown',
      message: /'c': there is no such/,
    });
    const bare = await farRouted(t, place);
    const error = await t.throwsAsync(bare.ask(), { code: 'route-unknown' });
    t.regex(error!.message, /no route was named, and there is no fallback/);
  });

  test(`what is discarded goes nowhere, is counted and is no failure; a caller is told${place.title}`, async (t) => {
    const { node, pid, hands, send, ask } = await farRouted(t, place);
    await t.throwsAsync(ask('-'), { code: 'discarded' });
    await send('-', 'away');
    await settled(node);
    const { discarded, failed } = await node.inspect(pid, 'discarded', 'failed');
    t.deepEqual([discarded, failed], ['2', '0']);
    t.deepEqual(hands.map(itemsOf), [[], []]);
  });

  test(`the process of an owned route is respawned at once${place.title}`, async (t) => {
    const { node, sender, pid, hands, ask } = await farRouted(t, place);
    const [{ label }] = hands;
    t.deepEqual(await ask(label), [label, sender.pid]);
    const hand = await waitFor('its pid', async () => {
      const infos = await node.fetchProcessListShortInfo();
      return infos.find(({ parent, behaviour }) => parent === pid && behaviour === 'FarRouted');
    });
    t.is(hand.thread, place.self);
    node.kill(hand.pid);
    await gone(node, hand);
    await waitFor('the next', async () => (await ask(label).catch(() => undefined)) !== undefined);
    t.deepEqual(await ask(label), [label, sender.pid]);
  });
}

test('a registered route leads to whoever has the name at that time', async (t) => {
  const world = await routed(t, () => ({ routes: [routeTo('r', registered)] }));
  const { node, clock } = world;
  await t.throwsAsync(world.who('r'), { code: 'name-unknown' });
  for (const number of [1, 2]) {
    const hand = await node.spawn(Hand, { args: [world], name: registered });
    t.is(await world.who('r'), number);
    node.kill(hand);
    await clock.settle();
  }
  await t.throwsAsync(world.who('r'), { code: 'name-unknown' });
  t.like(await world.inside((self) => self.routes()), [
    { name: 'r', isOwned: false, target: 'registered', pid: undefined, forwarded: 2, failed: 2 },
  ]);
});

test('what no route is named for takes the fallback; without one it has failed', async (t) => {
  const world = await routed(t, (shared) => ({
    routes: [handRoute(shared, 'a'), handRoute(shared, 'rest')],
    fallback: 'rest',
  }));
  t.is(await world.who(), 2);
  world.node.send(world.pid, ': no name');
  await world.clock.settle();
  t.like(world.got, [{ by: 2, item: ': no name' }]);
  // A name that is none is a mistake, not for the fallback.
  await t.throwsAsync(world.who('c'), { code: 'route-unknown', message: /'c': there is no such/ });
  const bare = await routed(t);
  const error = await t.throwsAsync(bare.who(), { code: 'route-unknown' });
  t.regex(error!.message, /no route was named, and there is no fallback/);
});

test('what is discarded goes nowhere, is counted and is no failure; a caller is told', async (t) => {
  const world = await routed(t);
  const before = await holdings(world.node);
  const news: EventName<string> = eventName('other');
  const publisher = world.node.registerEvent(news);
  await world.inside(async (self) => void (await self.monitorEvent(news)));
  await t.throwsAsync(world.who('-'), { code: 'discarded' });
  world.node.send(world.pid, '-: away');
  world.node.sendEvent(publisher, 'x');
  await world.clock.settle();
  t.deepEqual(world.log, []);
  t.deepEqual(world.self.failures, []);
  const { discarded, failed } = await world.node.inspect(world.pid, 'discarded', 'failed');
  t.deepEqual([discarded, failed], ['3', '0']);
  world.node.unregisterEvent(news);
  await world.clock.settle();
  await holdsAgain(world.node, before);
});

/** A sender that wants to hear what could not be handed on. */
class Sender extends Actor<{ message: Task<Sender> }> {
  readonly failures: RouteFailure[] = [];
  override handleMessage(task: Task<Sender>): Next {
    return (task(this) as Next | undefined) ?? noreply;
  }
  override handleRouteFailed(failure: RouteFailure): Next {
    this.failures.push(failure);
    return noreply;
  }
}

test('of every failed route the sender of a message hears by handleRouteFailed, a caller by its call, and the router of all', async (t) => {
  const world = await routed(
    t,
    (shared, self) => ({
      routes: [
        ...[handRoute(shared, 'a', 1), handRoute(shared, 'off')],
        ...[routeTo('gone', registered), routeTo('loop', self.name as typeof registered)],
      ],
    }),
    { options: { name: processName('router') } },
  );
  const { node, pid, clock } = world;
  await world.inside((self) => self.disableRoute('off'));
  const gate = Promise.withResolvers<void>();
  node.send(pid, () => gate.promise);
  await clock.settle();
  node.send(pid, 'a: fills');
  const senderPid = await node.spawn(Sender);
  let sender!: Sender;
  node.send(senderPid, (self) => void (sender = self));
  await clock.settle();
  const codes: Record<string, RouteFailureCode> = {
    ...{ a: 'process-mailbox-full', off: 'route-disabled', gone: 'name-unknown' },
    ...{ loop: 'not-allowed', nowhere: 'route-unknown' },
  };
  for (const [route, code] of Object.entries(codes)) {
    const message = `${route}: lost`;
    node.send(senderPid, (self) => void self.send(pid, message));
    await clock.settle();
    const told = { router: pid, route, code, kind: 'message', message, from: senderPid };
    t.deepEqual(sender.failures.at(-1), told as RouteFailure);
    t.deepEqual(world.self.failures.at(-1), told as RouteFailure);
    await t.throwsAsync(world.who(route), { code });
    await clock.settle();
    t.like(world.self.failures.at(-1), { route, code, kind: 'call', message: { key: route } });
  }
  t.is(sender.failures.length, 5);
  t.is(world.self.failures.length, 10);
  gate.resolve();
  await clock.settle();
  t.like(world.got, [{ item: 'a: fills' }]);
  const lines = world.log.filter(({ message }) => message.startsWith('there is no way on'));
  t.is(lines.length, 1);
  t.like(node.info(), { mailboxFull: 1, messagesDropped: 4 });
});

test('a sender without that callback is not bothered, nor one that has ended, nor a publisher', async (t) => {
  const world = await routed(t);
  const { node, clock } = world;
  const news: EventName<string> = eventName('news');
  const witness = await spawnWitness(node);
  await witness.run((self) => void self.registerEvent(news, { open: true }));
  await world.inside(async (self) => void (await self.monitorEvent(news)));
  await witness.run((self) => {
    self.send(world.pid, 'nowhere: 1');
    self.sendEvent(news as never, 'nowhere: 2');
    (self as { sendEvent(to: unknown, what: unknown): void }).sendEvent(news, 'nowhere: 3');
  });
  await clock.settle();
  t.deepEqual(witness.seen, []);
  t.deepEqual(
    world.self.failures.map(({ kind, from }) => [kind, from === witness.pid]),
    [
      ['message', true],
      ['event', true],
      ['event', true],
    ],
  );
  const short = await node.spawn(Sender);
  node.send(short, (self) => {
    self.send(world.pid, 'nowhere: 4');
    node.kill(self.pid);
  });
  await clock.settle();
  t.is(node.processState(short), 'terminated');
  t.is(world.self.failures.length, 4);
});

for (const [what, decide] of [
  ['throws', () => 'throw'],
  ['gives a number', undefined],
] as const) {
  test(`a route callback that ${what} ends the router, and the call in hand is rejected`, async (t) => {
    const world = await routed(t);
    if (decide === undefined)
      await world.inside((self) => void Object.assign(self, { routeCall: () => 7 }));
    const error = await t.throwsAsync(world.who('throw'), { code: 'process-terminated' });
    t.regex(String(error!.cause), /cannot decide|the result of a route callback must be a name/);
    await world.clock.settle();
    t.is(world.ends.length, 3);
    t.is(world.node.info().processes, 0);
    t.is(world.node.info().slabEntries, 0);
  });
}

test('a call through a router times out, is aborted and handed on like any other', async (t) => {
  const world = await routed(t);
  const { node, pid, clock } = world;
  const gate = Promise.withResolvers<void>();
  node.send(pid, () => gate.promise);
  const abort = new AbortController();
  const slow = t.throwsAsync(node.call(pid, { type: 'who', key: 'a' }, { timeoutMs: 5 }), {
    code: 'timeout',
  });
  const aborted = t.throwsAsync(
    node.call(pid, { type: 'who', key: 'a' }, { signal: abort.signal }),
    { code: 'aborted' },
  );
  await clock.advance(5);
  abort.abort();
  await Promise.all([slow, aborted]);
  const handed = node.call(pid, {
    type: 'ask',
    answer: (self: Self, request) => self.forward(pid, { ...request, key: 'b' } as never),
  });
  gate.resolve();
  await t.throwsAsync(handed, { code: 'no-reply' });
});
