import test from 'ava';
import {
  Actor,
  noreply,
  processId,
  processName,
  reply,
  stop,
  TergoError,
  type Alias,
  type Answer,
  type Envelope,
  type Next,
  type Node,
  type Pid,
  type ProcessName,
  type Request,
  type Target,
} from 'tergo';
import { inside, spawnPuppet, spawnScript, type Self } from '../support/improvise.ts';
import { Server, type Question as Asked, type ServerProtocol } from '../support/far-server.ts';
import { closeShared, infoOf, places, sharedPlace, witnessOn } from '../support/places.ts';
import { hasEnded, quietNode } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

const name = processName<unknown>('server');

interface Question {
  readonly type: string;
  readonly value?: unknown;
}

/** Answers with the value it is asked with, and ends in the same return if it is told to. */
function spawnServer(node: Node): Promise<Pid<unknown>> {
  return spawnScript(node, { handleCall: answer }, { name });
}

function answer(self: Self, request: Question): unknown {
  if (request.type === 'alias') return self.createAlias();
  const value = reply(request, request.value);
  return request.type === 'last' ? stop('normal', value) : value;
}

const addresses = {
  'pid [L19]': async (_node: Node, pid: Pid<ServerProtocol>) => pid,
  'name [L20]': async (_node: Node, _pid: unknown, own: ProcessName<ServerProtocol>) => own,
  'name and node': async (node: Node, _pid: unknown, own: ProcessName<ServerProtocol>) =>
    processId(own, node.name),
  'alias [L21]': async (node: Node, pid: Pid<ServerProtocol>) =>
    (await node.call(pid, { type: 'alias' })) as Alias<ServerProtocol>,
};
let lastServer = 0;

test.after.always(closeShared);

for (const place of places) {
  for (const [title, addressOf] of Object.entries(addresses)) {
    test(`a call is answered by a target that ends in the same return, and which is gone then: by ${title}${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const own: ProcessName<ServerProtocol> = processName(`server ${++lastServer}`);
      const server = await node.spawn(Server, { name: own, thread: place.other });
      const to = await addressOf(node, server, own);
      const caller = await witnessOn(node, place.self);
      const ask = (whom: Target<ServerProtocol>, request: Asked): Promise<unknown> =>
        caller.run((self) => self.call(whom, request));
      t.is(await ask(to, { type: 'value', value: 3.14 }), 3.14);
      t.is(await ask(to, { type: 'last', value: 'bye' }), 'bye');
      t.true(hasEnded(node, server));
      const late = { type: 'value', value: 'late' } as const;
      await t.throwsAsync(ask(server, late), { code: 'process-unknown' });
      await t.throwsAsync(ask(own, late), { code: 'name-unknown' });
    });
  }

  test(`a call to an unknown name rejects at once [L23]${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const caller = await witnessOn(node, place.self);
    const error = await t.throwsAsync<TergoError>(
      caller.run((self) => self.call(name, { type: 'x' } as never)),
    );
    t.true(error instanceof TergoError);
    t.is(error?.code, 'name-unknown');
    t.regex(error?.message ?? '', /server/);
    t.is((await infoOf(node, caller.pid)).pendingCalls, 0);
  });
}

test('a call from outside of any process comes from the node itself', async (t) => {
  const node = await quietNode(t);
  const server = await spawnScript(node, { handleCall: (_self, _request, from) => [from] });
  const [from] = (await node.call(server, { type: 'who' })) as Pid<unknown>[];
  t.true(from === node.pid);
});

test('a call to oneself by pid, name, process id or alias rejects at once', async (t) => {
  const node = await quietNode(t);
  const caller = await spawnPuppet(node, { name });
  const answers = await inside(node, caller, (self) => {
    const targets = [self.pid, name, processId(name, node.name), self.createAlias()];
    return targets.map((to) => self.call(to as Pid<unknown>, { type: 'x' }));
  });
  for (const answer of answers)
    await t.throwsAsync(answer, { code: 'not-allowed', message: /calls itself/ });
  await t.throwsAsync(node.call(node.pid as Pid<unknown>, { type: 'x' }), { code: 'not-allowed' });
  t.is(node.info().pendingCalls, 0);
});

test('a call to a process without handleCall rejects with unsupported, and that process lives', async (t) => {
  const node = await quietNode(t);
  const deaf = await spawnScript(node, {});
  await t.throwsAsync(node.call(deaf, { type: 'x' }), {
    code: 'unsupported',
    message: /Improvised has no handleCall/,
  });
  t.is(node.processState(deaf), 'sleep');
  await t.throwsAsync(
    inside(node, await spawnPuppet(node), (self) =>
      self.call(node.pid as Pid<unknown>, { type: 'x' }),
    ).then((answer) => answer),
    { code: 'unsupported' },
  );
});

test('requests and answers are shared, not copied', async (t) => {
  const node = await quietNode(t);
  const server = await spawnServer(node);
  const value = { deep: [1, 2, 3] };
  t.true((await node.call(server, { type: 'x', value })) === value);
});

test('a process may have several calls pending, answered in any order', async (t) => {
  const node = await quietNode(t);
  const gates = [0, 1, 2].map(() => Promise.withResolvers<void>());
  const servers = await Promise.all(
    gates.map(({ promise }, index) =>
      spawnScript(node, { handleCall: () => promise.then(() => index) }),
    ),
  );
  const order: unknown[] = [];
  const caller = await spawnScript(node, {
    handleCall: async (self) => {
      const answers = servers.map(async (server) => {
        order.push(await self.call(server, { type: 'x' }));
      });
      await Promise.all(answers);
      return 'all';
    },
  });
  const all = node.call(caller, { type: 'go' });
  await waitFor('the calls', () => node.info().pendingCalls === 4);
  t.is(node.processInfo(caller).pendingCalls, 3);
  t.is(node.processState(caller), 'wait-response');
  for (const index of [2, 0, 1]) {
    gates[index]!.resolve();
    await waitFor('the answer', () => order.at(-1) === index);
  }
  t.is(await all, 'all');
  t.deepEqual(order, [2, 0, 1]);
  t.is(node.info().pendingCalls, 0);
});

test('important calls are answered like any other', async (t) => {
  const node = await quietNode(t);
  const server = await spawnServer(node);
  t.is(await node.call(server, { type: 'x', value: 1 }, { important: true }), 1);
});

/** Answers with what was seen of its mailbox. */
abstract class Seen extends Actor<{
  message: 'look';
  request: Request<{ type: 'seen' }, string[]>;
}> {
  protected readonly seen: string[] = [];

  override handleMessage(): Next {
    return noreply;
  }

  override handleCall(request: Request<{ type: 'seen' }, string[]>): Answer {
    return reply(request, this.seen);
  }
}

/** Sees every entry of its mailbox. */
class Seer extends Seen {
  override receive(envelope: Envelope): ReturnType<Actor['receive']> {
    this.seen.push(envelope.kind);
    return super.receive(envelope);
  }
}

test('who overrides receive sees calls as well as messages', async (t) => {
  const node = await quietNode(t);
  const seer = await node.spawn(Seer);
  node.send(seer, 'look');
  t.deepEqual(await node.call(seer, { type: 'seen' }), ['message', 'request']);
});

/** Lays something over `receive` only when it begins. */
class LateSeer extends Seen {
  override init(): void {
    const { receive } = this;
    this.receive = (envelope) => {
      this.seen.push(envelope.kind);
      return receive.call(this, envelope);
    };
  }
}

test('so does who lays something over it in its init', async (t) => {
  const node = await quietNode(t);
  const seer = await node.spawn(LateSeer);
  node.send(seer, 'look');
  t.deepEqual(await node.call(seer, { type: 'seen' }), ['message', 'request']);
});

/** Answers once, and then no call any more. */
class OnceOnly extends Actor<{ request: Request<{ type: 'ask' }, string> }> {
  override handleCall(request: Request<{ type: 'ask' }, string>): Answer {
    Object.defineProperty(this, 'handleCall', { value: undefined });
    return reply(request, 'once');
  }
}

test('who gives its handleCall up answers no calls, and lives', async (t) => {
  const node = await quietNode(t);
  const pid = await node.spawn(OnceOnly);
  t.is(await node.call(pid, { type: 'ask' }), 'once');
  await t.throwsAsync(node.call(pid, { type: 'ask' }), { code: 'unsupported' });
  t.false(hasEnded(node, pid));
});
