import {
  Actor,
  eventName,
  noreply,
  reply,
  type Answer,
  type Caller,
  type EventMeta,
  type Next,
  type Node,
  type Pid,
  type Request,
} from 'tergo';
import test, { type ExecutionContext } from 'ava';
import { gone, quietNode, spawnWitness } from '../support/witness.ts';
import { waitFor, within } from '../support/wait-for.ts';

type Ask = Request<{ type: 'ask'; give: unknown; late?: boolean }, unknown>;
type KeeperProtocol = { message: unknown; request: Ask; event: unknown };

/** Keeps what it gets. */
class Keeper extends Actor<KeeperProtocol> {
  kept: unknown[] = [];

  override init(kept: unknown[] = []): void {
    this.kept = kept;
  }

  override handleMessage(message: unknown): Next {
    this.kept.push(message);
    return noreply;
  }

  override handleCall(request: Ask): Answer {
    this.kept.push(request);
    if (request.late !== true) return reply(request, request.give);
    const caller: Caller<unknown> = this.callerOf(request);
    this.sendResponse(caller, request.give);
    return noreply;
  }

  override handleEvent(message: unknown, _event: EventMeta): Next {
    this.kept.push(message);
    return noreply;
  }
}

interface Kept {
  readonly node: Node;
  readonly pid: Pid<KeeperProtocol>;
  readonly kept: unknown[];
}

async function keeper(t: ExecutionContext, freezeMessages = true): Promise<Kept> {
  const node = await quietNode(t, { log: { disableConsole: true }, freezeMessages });
  const kept: unknown[] = [];
  const pid = await node.spawn(Keeper, { args: [kept] });
  return { node, pid, kept };
}

function deepMessage() {
  const list = [{ id: 1 }, { id: 2 }];
  return { type: 'deep', list, nested: { deeper: { deepest: true } } };
}

function assertFrozen(t: ExecutionContext, message: ReturnType<typeof deepMessage>): void {
  t.throws(() => (message.type = 'changed'), { instanceOf: TypeError });
  t.throws(() => message.list.push({ id: 3 }), { instanceOf: TypeError });
  t.throws(() => (message.list[0] = { id: 3 }), { instanceOf: TypeError });
  t.throws(() => ((message.list[1] as { id: number }).id = 3), { instanceOf: TypeError });
  t.throws(() => (message.nested.deeper.deepest = false), { instanceOf: TypeError });
}

test('a message is the very object, frozen to its depth when it is sent', async (t) => {
  const { node, pid, kept } = await keeper(t);
  const message = deepMessage();
  t.is(node.send(pid, message), 'ok');
  assertFrozen(t, message);
  await waitFor('the message', () => kept.length > 0);
  t.is(kept[0], message);
});

test('without the option nothing is frozen', async (t) => {
  const { node, pid, kept } = await keeper(t, false);
  const message = deepMessage();
  node.send(pid, message);
  message.nested.deeper.deepest = false;
  await waitFor('the message', () => kept.length > 0);
  t.is(kept[0], message);
  t.false(Object.isFrozen(message));
});

test('a receiver that changes a message crashes', async (t) => {
  const { node } = await keeper(t);
  class Vandal extends Actor<{ message: { count: number } }> {
    override handleMessage(message: { count: number }): Next {
      message.count += 1;
      return noreply;
    }
  }
  const vandal = await node.spawn(Vandal);
  node.send(vandal, { count: 1 });
  await gone(node, { pid: vandal });
  t.is(node.processState(vandal), 'terminated');
});

test('requests are frozen', async (t) => {
  const { node, pid } = await keeper(t);
  const give = deepMessage();
  await node.call(pid, { type: 'ask', give });
  assertFrozen(t, give);
});

test('replies are frozen, whether returned or sent later', async (t) => {
  const { node } = await keeper(t);
  const state = { now: deepMessage(), late: deepMessage() };
  type Give = Request<{ type: 'now' }, unknown> | Request<{ type: 'late' }, unknown>;
  class Owner extends Actor<{ request: Give }> {
    override handleCall(request: Give): Answer {
      if (request.type === 'now') return reply(request, state.now);
      this.sendResponse(this.callerOf(request), state.late);
      return noreply;
    }
  }
  const owner = await node.spawn(Owner);
  t.is(await node.call(owner, { type: 'now' }), state.now);
  assertFrozen(t, state.now);
  t.is(await node.call(owner, { type: 'late' }), state.late);
  assertFrozen(t, state.late);
});

test('events and delayed messages are frozen when they are handed over', async (t) => {
  const { node, pid } = await keeper(t);
  const publisher = node.registerEvent(eventName<unknown>('changes'));
  const message = deepMessage();
  node.sendEvent(publisher, message);
  assertFrozen(t, message);

  const delayed = deepMessage();
  using _timer = node.sendAfter(pid, delayed, 60_000);
  assertFrozen(t, delayed);
});

test('a message may contain itself', async (t) => {
  const { node, pid } = await keeper(t);
  const loop: { self?: unknown; list: unknown[] } = { list: [] };
  loop.self = loop;
  loop.list.push(loop);
  t.is(node.send(pid, loop), 'ok');
  t.true(Object.isFrozen(loop));
  t.true(Object.isFrozen(loop.list));
});

test('pids, dates, functions and instances of classes pass as they are', async (t) => {
  const { node, pid, kept } = await keeper(t);
  class Money {
    #cents = 5;
    get cents(): number {
      return this.#cents;
    }
  }
  const message = { pid, at: new Date(0), money: new Money(), call: () => 1, none: null };
  t.is(node.send(pid, message), 'ok');
  await waitFor('the message', () => kept.length > 0);
  t.false(Object.isFrozen(message.money));
  t.is(message.money.cents, 5);
  t.is(node.send(message.pid, 'still reachable'), 'ok');
});

const unfreezable: Readonly<Record<string, unknown>> = {
  message: new Uint8Array(3),
  'message.bytes': { bytes: new ArrayBuffer(3) },
  'message.deep.0.view': { deep: [{ view: new DataView(new ArrayBuffer(1)) }] },
  'message.buffer': { buffer: Buffer.from('text') },
  'message.map': { map: new Map() },
  'message.list.1': { list: ['fine', new Set()] },
};

for (const [path, message] of Object.entries(unfreezable)) {
  test(`what cannot be frozen is refused with its path: ${path}`, async (t) => {
    const { node, pid, kept } = await keeper(t);
    const publisher = node.registerEvent(eventName<unknown>('changes'));
    const expected = { code: 'incorrect', message: new RegExp(`^${path} cannot be frozen`) };
    t.throws(() => node.send(pid, message), expected);
    t.throws(() => node.sendAfter(pid, message, 1), expected);
    t.throws(() => node.sendEvent(publisher, message), expected);
    await t.throwsAsync(node.sendImportant(pid, message), expected);
    t.like(node.info(), { pendingTimers: 0, messagesDropped: 0 });
    t.is(await within('an answer', () => node.call(pid, { type: 'ask', give: 1 })), 1);
    t.is(kept.length, 1);
  });
}

test('a request that cannot be frozen rejects at once', async (t) => {
  const { node, pid } = await keeper(t);
  const request: Ask = { type: 'ask', give: new Uint8Array(1) };
  await t.throwsAsync(node.call(pid, request), {
    code: 'incorrect',
    message: /^message\.give cannot be frozen: it holds bytes/,
  });
  t.is(node.info().pendingCalls, 0);
});

test('a reply that cannot be frozen ends the process and rejects the call', async (t) => {
  const { node } = await keeper(t);
  class Leaky extends Actor<{ request: Request<{ type: 'bytes' }, Uint8Array> }> {
    override handleCall(request: Request<{ type: 'bytes' }, Uint8Array>): Answer {
      return reply(request, new Uint8Array(1));
    }
  }
  const leaky = await node.spawn(Leaky);
  const error = await t.throwsAsync(node.call(leaky, { type: 'bytes' }), {
    code: 'process-terminated',
  });
  t.like(error?.cause, { code: 'incorrect' });
  t.is(node.info().pendingCalls, 0);
});

test('an exception of freezing in a callback ends that process only', async (t) => {
  const { node, pid } = await keeper(t);
  const sender = await spawnWitness(node);
  node.send(sender.pid, (self) => void self.send(pid, new Uint8Array(1)));
  await gone(node, sender);
  t.is(node.processState(pid), 'sleep');
});
