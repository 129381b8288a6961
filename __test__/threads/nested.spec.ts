import test from 'ava';
import {
  type Caller,
  type Node,
  noreply,
  type Pid,
  processId,
  processName,
  TergoError,
} from 'tergo';
import { networkNode, showWay } from '../network/cluster.ts';
import { inside, type Self, spawnPuppet, spawnScript } from '../support/improvise.ts';
import { recordLog } from '../support/log-records.ts';
import { waitFor } from '../support/wait-for.ts';
import { Chatty, type Nested, Nester } from './nester.ts';
import { fresh, type Handle, puppet, puppets, threadNode } from './stage.ts';

type Begin = (self: Self) => unknown;

const refused = { code: 'not-allowed', message: /a getter of a message cannot/ };

/** What becomes of something that a getter of a message to another thread begins. */
async function nested(node: Node, pid: Pid<unknown>, far: Handle, begin: Begin): Promise<unknown> {
  return await inside(node, pid, async (self) => {
    let begun: Promise<unknown> | undefined;
    const part = (): void => {
      begun = (async () => begin(self))();
      begun.catch(() => undefined);
    };
    self.send(far.pid, {
      get part() {
        return part();
      },
    });
    return await begun;
  });
}

test('what a getter of a message begins is refused as a whole, and can be begun after that', async (t) => {
  const node = await threadNode(t);
  const [far, other] = [await puppet(node, 1), await puppet(node, 1)];
  const pid = await spawnPuppet(node);
  const name = processName<never>(fresh('name'));
  const begins: readonly Begin[] = [
    (self) => self.link(other.pid),
    (self) => self.monitor(other.pid),
    () => node.registerName(name, other.pid as never),
    () => node.unregisterName(name),
    () => (node.log.level = 'error'),
    () => node.addLogger(fresh('logger'), other.pid),
  ];
  for (const begin of begins) {
    await t.throwsAsync(nested(node, pid, far, begin), refused);
    await t.notThrowsAsync(inside(node, pid, async (self) => begin(self)));
  }
  t.is(node.whereis(name), undefined);
});

test('a getter of a message on another thread connects to nobody, and that thread can after that', async (t) => {
  const nester = new URL('./nester.ts', import.meta.url);
  const behaviors = { threads: 2, behaviors: [puppets, nester] };
  const a = await networkNode('a@localhost', {}, behaviors);
  t.teardown(() => a.stopForce());
  const b = await networkNode('b@localhost');
  t.teardown(() => b.stopForce());
  showWay(a, b);
  const name = processName<never>(fresh('there'));
  const there = await puppet(b, 0, { name: name as never });
  const to = await puppet(a, 0);
  const pid = await a.spawn(Nester, { thread: 1 });
  const request: Nested = { type: 'nest', to: to.pid, id: processId(name, b.name) };
  const thrown = await a.call(pid, request as never, { timeoutMs: 10_000 });
  t.true(TergoError.is(thrown, 'not-allowed'));
  t.deepEqual(await there.messages(1), ['after']);
});

for (const thread of [0, 1]) {
  test(`what a getter of a message logs on thread ${thread} is logged, in its place`, async (t) => {
    const nester = new URL('./nester.ts', import.meta.url);
    const node = await threadNode(t, { behaviors: [puppets, nester], threads: 3 });
    const log = recordLog(node);
    const far = await puppet(node, 2);
    const pid = await node.spawn(Chatty, { thread });
    const whole = { part: 5, after: 'the getter' };
    t.deepEqual(await node.call(pid, { type: 'chat' } as never), whole as never);
    t.deepEqual(await far.messages(1), [whole]);
    const told = await waitFor('the log', () => log.length >= 3 && log.slice(0, 3));
    t.deepEqual(
      told.map(({ message }) => message),
      ['before', 'meanwhile', 'after'],
    );
    t.deepEqual(told[1]?.fields, { of: 'the getter' });
  });

  test(`a logger on another thread gets what a getter of a message logs on thread ${thread}, in its place`, async (t) => {
    const nester = new URL('./nester.ts', import.meta.url);
    const node = await threadNode(t, { behaviors: [puppets, nester], threads: 3 });
    const logger = await puppet(node, 2);
    node.addLogger('far', logger.pid);
    const pid = await node.spawn(Chatty, { thread });
    await node.call(pid, { type: 'chat' } as never);
    const seen = await logger.hears(4);
    t.deepEqual(
      seen.flatMap((notice) => (notice.on === 'log' ? [notice.record.message] : [])).slice(0, 3),
      ['before', 'meanwhile', 'after'],
    );
    t.is(node.loggers()[0]?.failed, 0);
  });
}

test('a call that a getter of its own request aborts is over at once, on both sides', async (t) => {
  const node = await threadNode(t);
  const far = await puppet(node, 1);
  const pid = await spawnPuppet(node);
  const gate = await far.shut();
  const aborted = inside(node, pid, async (self) => {
    const controller = new AbortController();
    const request = {
      type: 'keep',
      number: 1,
      get part() {
        return controller.abort();
      },
    };
    return await self.call(far.pid, request as never, { signal: controller.signal });
  });
  await t.throwsAsync(aborted, { code: 'aborted' });
  await gate.open();
  t.deepEqual(await far.do('keptNumbers'), []);
});

test('a call from another thread that a getter of a message answers can be answered after that', async (t) => {
  const node = await threadNode(t);
  const far = await puppet(node, 1);
  const pid = await spawnPuppet(node);
  for (const way of ['sendResponse', 'sendResponseError', 'sendResponseImportant'] as const) {
    const held = Promise.withResolvers<Caller<unknown>>();
    const handleCall = (self: Self, request: unknown): unknown => {
      held.resolve(self.callerOf(request as never) as Caller<unknown>);
      return noreply;
    };
    const server = await spawnScript(node, { handleCall });
    const asked = far.do('callAndTell', server, { type: 'who asks' }, 60_000);
    const caller = await held.promise;
    const answer = new RangeError('the answer');
    const begin: Begin = (self) => self[way](caller, answer as never);
    await t.throwsAsync(nested(node, pid, far, begin), refused);
    t.is(await inside(node, pid, (self) => self.sendResponse(caller, 'the answer')), 'ok');
    t.deepEqual(await asked, ['answered', 'the answer']);
  }
});

test('a process that a getter of a message kills lives, and can be killed after that', async (t) => {
  const node = await threadNode(t);
  const far = await puppet(node, 1);
  const pid = await spawnPuppet(node);
  const ended = Promise.withResolvers<unknown>();
  const rejected = Promise.withResolvers<unknown>();
  const handleMessage = (self: Self): unknown =>
    self.call(far.pid, { type: 'keep' } as never).catch(rejected.resolve);
  const victim = await spawnScript(node, {
    handleMessage,
    terminate: (_, why) => ended.resolve(why),
  });
  node.send(victim, 'call');
  await waitFor('the call', async () => (await far.do('keptCaller')) !== undefined);
  await t.throwsAsync(
    nested(node, pid, far, () => node.kill(victim)),
    refused,
  );
  t.true(node.processList().includes(victim));
  node.kill(victim);
  t.like(await rejected.promise, { code: 'process-terminated' });
  t.is(await ended.promise, 'kill');
});
