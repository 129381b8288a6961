import {
  Actor,
  envKey,
  eventName,
  noreply,
  processId,
  processName,
  reply,
  type Answer,
  type Next,
  type Node,
  type Pid,
  type Request,
} from 'tergo';
import test, { type ExecutionContext } from 'ava';
import { quietNode, spawnWitness, type Witness } from '../support/witness.ts';

type EchoProtocol = { message: string; request: Request<{ type: 'ask' }, number> };

class Echo extends Actor<EchoProtocol> {
  override handleMessage(): Next {
    return noreply;
  }

  override handleCall(request: EchoProtocol['request']): Answer {
    return reply(request, 1);
  }
}

const echoName = processName<EchoProtocol>('echo');
const ticks = eventName<number>('ticks');

interface Stopped {
  readonly node: Node;
  readonly pid: Pid<EchoProtocol>;
}

async function stopped(t: ExecutionContext): Promise<Stopped> {
  const node = await quietNode(t);
  node.registerEvent(ticks);
  const pid = await node.spawn(Echo, { name: echoName });
  await node.stop();
  return { node, pid };
}

const targets: Readonly<Record<string, (stopped: Stopped) => Pid<EchoProtocol>>> = {
  'a pid': ({ pid }) => pid,
  'a name': () => echoName as never,
  'a process id': ({ node }) => processId(echoName, node.name) as never,
  "another node's name": () => processId(echoName, 'far@away') as never,
};

for (const [title, targetOf] of Object.entries(targets)) {
  test(`sends and calls to ${title} answer node-terminated`, async (t) => {
    const after = await stopped(t);
    const { node } = after;
    const to = targetOf(after);
    t.is(node.send(to, 'late'), 'node-terminated');
    await t.throwsAsync(node.sendImportant(to, 'late'), { code: 'node-terminated' });
    await t.throwsAsync(node.call(to, { type: 'ask' }), { code: 'node-terminated' });
    await t.throwsAsync(node.inspect(to), { code: 'node-terminated' });
    t.throws(() => node.sendAfter(to, 'late', 1), { code: 'node-terminated' });
  });
}

test('what a node sends beside messages answers node-terminated', async (t) => {
  const { node, pid } = await stopped(t);
  t.is(node.sendExit(pid, 'normal'), 'node-terminated');
  t.is(node.sendEvent(ticks, 1), 'node-terminated');
});

const refused: Readonly<Record<string, (stopped: Stopped) => unknown>> = {
  info: ({ node }) => node.info(),
  processInfo: ({ node, pid }) => node.processInfo(pid),
  processListShortInfo: ({ node }) => node.processListShortInfo(),
  kill: ({ node, pid }) => node.kill(pid),
  registerName: ({ node, pid }) => node.registerName(echoName, pid),
  unregisterName: ({ node }) => node.unregisterName(echoName),
  registerEvent: ({ node }) => node.registerEvent(eventName('more')),
  unregisterEvent: ({ node }) => node.unregisterEvent(ticks),
  subscribe: ({ node }) => node.subscribe(ticks),
  addLogger: ({ node }) => node.addLogger('late', { log: () => undefined }),
  'addLogger of a process': ({ node, pid }) => node.addLogger('late', pid),
};

for (const [title, action] of Object.entries(refused)) {
  test(`${title} throws node-terminated`, async (t) => {
    const after = await stopped(t);
    t.throws(() => action(after), { code: 'node-terminated', message: /quiet@localhost/ });
  });
}

test('spawn rejects with node-terminated', async (t) => {
  const { node } = await stopped(t);
  await t.throwsAsync(node.spawn(Echo), { code: 'node-terminated' });
});

test('what only reads still answers', async (t) => {
  const { node, pid } = await stopped(t);
  const key = envKey<number>('key');
  t.is(node.name, 'quiet@localhost');
  t.is(node.pid.id, 1);
  t.is(node.uptimeMs, 0);
  t.is(node.processState(pid), 'terminated');
  t.deepEqual(node.processList(), []);
  t.is(node.whereis(echoName), undefined);
  t.false(node.removeLogger('none'));
  node.setEnv(key, 1);
  t.is(node.env(key), 1);
  t.notThrows(() => node.log.info('into the void'));
});

test('what a process of the node does answers, too', async (t) => {
  const node = await quietNode(t);
  const { run } = await spawnWitness(node);
  const { pid } = await spawnWitness(node);
  let witness: Witness | undefined;
  await run((self) => void (witness = self));
  await node.stop();
  const self = witness as Witness;
  t.is(
    self.send(pid, () => undefined),
    'node-terminated',
  );
  t.is(self.sendExit(pid, 'normal'), 'node-terminated');
  t.throws(() => self.sendAfter(pid, () => undefined, 1), { code: 'node-terminated' });
  t.throws(() => self.createAlias(), { code: 'process-terminated' });
  t.throws(() => self.registerName(processName('late')), { code: 'process-terminated' });
  await t.throwsAsync(self.call(pid, {} as never), { code: 'node-terminated' });
  await t.throwsAsync(self.spawn(Echo), { code: 'node-terminated' });
  await t.throwsAsync(self.link(pid));
  await t.throwsAsync(self.monitor(pid));
  t.is(self.state, 'terminated');
});

test('a timer that was started before can be cancelled', async (t) => {
  const node = await quietNode(t);
  const { pid } = await spawnWitness(node);
  const timer = node.sendAfter(pid, () => t.fail(), 60_000);
  await node.stop();
  t.notThrows(() => timer.cancel());
});

test('a subscription that was open before ends', async (t) => {
  const node = await quietNode(t);
  const publisher = node.registerEvent(ticks);
  const feed = node.subscribe(ticks);
  const seen: number[] = [];
  const read = (async () => {
    for await (const { message } of feed) {
      seen.push(message);
      if (message === 1) void node.stop();
    }
  })();
  // A subscription is open once its process is up.
  await spawnWitness(node);
  node.sendEvent(publisher, 1);
  await t.notThrowsAsync(read);
  t.deepEqual(seen, [1]);
  await t.notThrowsAsync(feed.close());
});
