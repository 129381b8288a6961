import { inspect } from 'node:util';
import test from 'ava';
import {
  Actor,
  childSpec,
  env,
  envKey,
  eventName,
  noreply,
  processName,
  reply,
  Supervisor,
  type Answer,
  type ChildInfo,
  type Envelope,
  type EventMeta,
  type ExitReason,
  type LogRecord,
  type MaybePromise,
  type Next,
  type Pid,
  type Request,
  type SupervisorSpec,
} from 'tergo';
import { tendedAt, workerPlaces, type ChildPlace } from '../support/child-places.ts';
import {
  keep,
  Keeper,
  Listener,
  stillNode,
  Tended,
  type Story,
  type TendedProtocol,
} from '../support/keeper.ts';
import { closeShared } from '../support/places.ts';

const ticks = eventName<number>('ticks');
type Double = Request<{ type: 'double'; value: number }, number>;
interface DeskProtocol {
  message: string;
  request: Double;
  event: number;
}

/** A supervisor with all the callbacks of an actor. */
class Desk extends Supervisor<DeskProtocol> {
  #seen: unknown[] = [];

  override async init(
    seen: unknown[],
    children: SupervisorSpec['children'],
  ): Promise<SupervisorSpec> {
    this.#seen = seen;
    await this.monitorEvent(ticks);
    return { strategy: 'one-for-one', children } as SupervisorSpec;
  }
  override handleMessage(message: string, from: Pid<unknown>): Next {
    this.#seen.push(['message', message, from]);
    return noreply;
  }
  override handleMessageName(message: string): Next {
    this.#seen.push(['by name', message]);
    return noreply;
  }
  override handleCall(request: Double): Answer {
    return reply(request, 2 * request.value);
  }
  override handleEvent(message: number, { name }: EventMeta): Next {
    this.#seen.push(['event', name, message]);
    return noreply;
  }
  override handleDown(): Next {
    this.#seen.push(['down']);
    return noreply;
  }
  override handleInspect(items: readonly string[]): Readonly<Record<string, string>> {
    return { mood: 'fine', asked: items.join(), strategy: 'mine' };
  }
}

test('a supervisor takes messages, calls and events like an actor', async (t) => {
  const { node, clock } = await stillNode(t);
  const publisher = node.registerEvent(ticks);
  const seen: unknown[] = [];
  const name = processName<DeskProtocol>('desk');
  const pid = await node.spawn(Desk, { args: [seen, [childSpec('a', Actress)]], name });
  node.send(pid, 'hello');
  node.sendEvent(publisher, 7);
  t.is(await node.call(name, { type: 'double', value: 21 }), 42);
  node.unregisterEvent(ticks);
  await clock.settle();
  t.deepEqual(seen, [['message', 'hello', node.pid], ['event', 'ticks', 7], ['down']]);
});

class Actress extends Actor {}

test('an inspection shows spec, children and last restarts, what the supervisor adds goes over it', async (t) => {
  const { node, clock } = await stillNode(t);
  node.registerEvent(ticks);
  const pid = await node.spawn(Desk, {
    args: [[], [childSpec('a', Actress), childSpec('b', Actress)]],
  });
  const b = node.whereis('b')!;
  node.kill(b);
  await clock.settle();
  const { children, lastRestarts, ...rest } = await node.inspect(pid);
  t.deepEqual(rest, {
    ...{ strategy: 'mine', restart: 'transient', intensity: '5', periodMs: '5000' },
    ...{ keepOrder: 'false', autoShutdown: 'true', phase: 'running', live: '2', restarts: '1' },
    ...{ mood: 'fine', asked: '' },
  });
  const shown = JSON.parse(children!) as ChildInfo[];
  t.like(shown, [
    { name: 'a', behaviour: 'Actress', state: 'running', isSignificant: false, restarts: 0 },
    { name: 'b', pid: String(node.whereis('b')), isDisabled: false, restarts: 1 },
  ]);
  t.deepEqual(JSON.parse(lastRestarts!), [
    { name: 'b', pid: String(b), reason: 'kill', time: new Date(clock.wallNow()).toISOString() },
  ]);
  const some = await node.inspect(pid, 'live', 'none');
  t.deepEqual(some, { live: '2', mood: 'fine', asked: 'live,none', strategy: 'mine' });
});

function thrower(): never {
  throw new Error('not for you');
}

test('an inspection shows also an end by an error that cannot be shown', async (t) => {
  const kept = await keep(t, (story) => ({
    strategy: 'one-for-one',
    children: [childSpec('a', Tended, { args: [story, 'a'] })],
  }));
  await kept.end('a', Object.assign(new Error('spilt'), { [inspect.custom]: thrower }));
  const { lastRestarts } = await kept.node.inspect(kept.pid);
  t.like(JSON.parse(lastRestarts!), [{ name: 'a', reason: 'spilt' }]);
});

test('the children and restarts of a supervisor are there for its own callbacks', async (t) => {
  const kept = await keep(t, (story) => ({
    strategy: 'rest-for-one',
    children: [
      childSpec('a', Tended, { args: [story, 'a'], significant: true, restart: 'permanent' }),
      childSpec('b', Tended, { args: [story, 'b'] }),
    ],
  }));
  await kept.end('b', new Error('spilt'));
  const [children, restarts] = await kept.ask(
    (self) => [self.children(), self.restarts()] as const,
  );
  t.deepEqual(children[0], {
    ...{ name: 'a', pid: kept.node.whereis('a'), behaviour: 'Tended', state: 'running' },
    ...{ restart: 'permanent', isSignificant: true, isDisabled: false, restarts: 0 },
  } as ChildInfo);
  t.like(restarts, [{ name: 'b', timeMs: kept.clock.wallNow() }]);
  t.is(String(restarts[0]!.reason), 'Error: spilt');
});

/** Fails, stops or waits where it hears of its children. */
class Touchy extends Keeper {
  override handleChildStart(name: string): MaybePromise<Next> {
    if (name === 'bad') throw new Error('no bad ones here');
    return noreply;
  }
  override async handleChildTerminate(
    name: string,
    _pid: Pid<never>,
    reason: ExitReason,
  ): Promise<Next> {
    if (reason === 'normal') throw new Error(`who ended ${name}?`);
    return noreply;
  }
}

function spec(story: Story, ...names: string[]): SupervisorSpec {
  return specAt(workerPlaces[0]!, story, ...names);
}

function specAt(place: ChildPlace, story: Story, ...names: string[]): SupervisorSpec {
  const children = names.map((name) => tendedAt(place, story, name));
  return { strategy: 'one-for-one', children };
}

test.after.always(closeShared);

for (const place of workerPlaces) {
  const it = place.isThreaded ? test.serial : test;

  it(`a callback about children that fails ends the supervisor, children first${place.title}`, async (t) => {
    const atStart = await keep(t, (story) => specAt(place, story, 'a', 'bad', 'c'), {
      as: Touchy,
      place,
    });
    const text = 'no bad ones here';
    const ends = ['down c', 'down bad', 'down a', 'end'].map((line) => `${line} ${text}`);
    t.deepEqual(await atStart.told(), ['up a', 'up bad', 'up c', ...ends]);

    const atEnd = await keep(t, (story) => specAt(place, story, 'a', 'b'), { as: Touchy, place });
    await atEnd.end('b', 'normal');
    const lines = ['down b normal', 'down a who ended b?', 'end who ended b?'];
    t.deepEqual(await atEnd.told(), ['up a', 'up b', ...lines]);

    const last = await keep(
      t,
      (story) => ({ ...specAt(place, story, 'a'), autoShutdown: false }) as SupervisorSpec,
      {
        as: Touchy,
        place,
      },
    );
    await last.end('a', 'normal');
    t.deepEqual(await last.told(), ['up a', 'down a normal', 'end who ended a?']);
  });

  it(`a bounded supervisor loses no end of a child and no callback about one${place.title}`, async (t) => {
    const kept = await keep(
      t,
      (story) => ({ ...specAt(place, story, 'a', 'b', 'c', 'd'), restart: 'permanent' }),
      {
        ...{ as: Listener, mailboxSize: 1, place },
      },
    );
    const { messagesDropped } = kept.node.info();
    for (const { pid } of await kept.children()) kept.node.kill(pid!);
    await kept.told();
    t.is(kept.heard.length, 12);
    for (let time = 0; time < 3; time++) t.is((await kept.children()).length, 4);
    t.is(kept.node.info().messagesDropped, messagesDropped);
  });
}

test('while a callback waits, ends of children wait, and none is lost', async (t) => {
  const kept = await keep(t, (story) => ({
    ...spec(story, 'a', 'b', 'c'),
    ...{ restart: 'permanent' },
  }));
  await kept.told();
  const gate = Promise.withResolvers<void>();
  kept.node.send(kept.pid, () => gate.promise);
  await kept.clock.settle();
  for (const name of ['a', 'b', 'c']) kept.node.kill(kept.node.whereis(name)!);
  t.deepEqual(await kept.told(), ['down a kill', 'down b kill', 'down c kill']);
  gate.resolve();
  t.deepEqual(await kept.told(), ['up a', 'up b', 'up c']);
});

test('ends of children go before the messages that wait', async (t) => {
  const kept = await keep(t, (story) => ({ ...spec(story, 'a'), restart: 'permanent' }));
  await kept.told();
  const { node, pid, story } = kept;
  const gate = Promise.withResolvers<void>();
  node.send(pid, () => gate.promise);
  await kept.clock.settle();
  for (let at = 0; at < 3; at++) node.send(pid, () => void story.push(`message ${at}`));
  node.kill(node.whereis('a')!);
  await kept.clock.settle();
  gate.resolve();
  t.deepEqual(await kept.told(), ['down a kill', 'up a', 'message 0', 'message 1', 'message 2']);
});

test('who overrides receive sees every entry, and no message from elsewhere passes for a note', async (t) => {
  const { node, clock } = await stillNode(t);
  const kinds: string[] = [];
  class Nosy extends Keeper {
    override receive(envelope: Envelope): ReturnType<Keeper['receive']> {
      kinds.push(envelope.kind);
      return super.receive(envelope);
    }
    override handleChildStart(): Next {
      return noreply;
    }
  }
  const story: Story = [];
  const pid = await node.spawn(Nosy, { args: [spec(story, 'a'), story] });
  await clock.settle();
  t.deepEqual(kinds.splice(0), ['response']);
  for (const value of [{ kind: 'exit' }, { child: 'a' }]) node.send(pid, value as never);
  await clock.settle();
  t.is(node.processState(pid), 'terminated');
  t.is(kinds[0], 'message');
});

test('a supervisor may be a logger, of its own children, too', async (t) => {
  const { node, clock } = await stillNode(t);
  const records: LogRecord[] = [];
  class Clerk extends Keeper {
    override handleLog(record: LogRecord): Next {
      records.push(record);
      return noreply;
    }
  }
  const story: Story = [];
  const pid = await node.spawn(Clerk, { args: [spec(story, 'a'), story] });
  node.addLogger('clerk', pid);
  node.send(node.whereis('a')! as Pid<TendedProtocol>, (self) => self.log.warning('hello'));
  await clock.settle();
  t.like(records, [{ message: 'hello', source: { name: 'a' } }]);
  t.deepEqual(await node.stop(), { killed: [] });
});

test('trapping exits makes no difference for a supervisor', async (t) => {
  const kept = await keep(t, (story) => spec(story, 'a'));
  await kept.ask((self) => {
    self.trapExit = true;
  });
  await kept.end(kept.pid, 'normal');
  t.deepEqual(await kept.told(), ['up a', 'down a normal', 'end normal by exit']);
});

test('a child is run with the options of its spec, also after a restart', async (t) => {
  const quality = envKey<number>('quality');
  const kept = await keep(t, (story) => ({
    ...{ strategy: 'one-for-one', restart: 'permanent' },
    children: [
      childSpec('a', Tended, {
        ...{ args: [story, 'a'] as [Story, string], mailboxSize: 3, priority: 'high' },
        env: [env(quality, 90)],
      }),
    ],
  }));
  for (const _time of [1, 2]) {
    const a = await kept.child('a');
    const info = kept.node.processInfo(a);
    t.like(info, { name: 'a', mailboxSize: 3, priority: 'high', parent: kept.pid });
    let seen: unknown;
    kept.node.send(a, (self) => {
      seen = self.env(quality);
    });
    await kept.clock.settle();
    t.is(seen, 90);
    await kept.end('a', 'kill');
  }
});
