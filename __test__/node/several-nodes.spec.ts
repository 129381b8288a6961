import {
  Actor,
  noreply,
  processId,
  processName,
  reply,
  startNode,
  type Alias,
  type Answer,
  type Next,
  type Node,
  type Pid,
  type Request,
} from 'tergo';
import test, { type ExecutionContext } from 'ava';
import { quietNode, spawnWitness } from '../support/witness.ts';
import { networkOf } from '../network/cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { puppets } from '../threads/stage.ts';

type EchoProtocol = { message: string; request: Request<{ type: 'ask' }, string> };

class Echo extends Actor<EchoProtocol> {
  seen: string[] = [];

  override init(seen: string[] = []): void {
    this.seen = seen;
  }

  override handleMessage(message: string): Next {
    this.seen.push(message);
    return noreply;
  }

  override handleCall(request: EchoProtocol['request']): Answer {
    return reply(request, this.node.name);
  }
}

class AliasHolder extends Actor<{ message: (self: AliasHolder) => void }> {
  override handleMessage(task: (self: AliasHolder) => void): Next {
    task(this);
    return noreply;
  }
}

const echoName = processName<EchoProtocol>('echo');

async function named(t: ExecutionContext, name: string): Promise<Node> {
  const node = await startNode(name, { log: { disableConsole: true } });
  t.teardown(() => node.stopForce());
  return node;
}

async function aliasOn(node: Node): Promise<Alias<never>> {
  const { promise, resolve } = Promise.withResolvers<Alias<never>>();
  const pid = await node.spawn(AliasHolder);
  node.send(pid, (self) => resolve(self.createAlias() as Alias<unknown> as Alias<never>));
  return await promise;
}

test('nodes share neither processes nor names, environment, loggers and counters', async (t) => {
  const [left, right] = [await named(t, 'left@localhost'), await named(t, 'right@localhost')];
  const lines: string[] = [];
  left.addLogger('lines', { log: ({ message }) => void lines.push(message) });
  const onLeft = await left.spawn(Echo, { name: echoName });
  const onRight = await right.spawn(Echo, { name: echoName });
  right.log.error('not for the left one');
  right.setEnv('color' as never, 'red' as never);

  t.not(onLeft, onRight);
  t.is(onLeft.id, onRight.id);
  t.is(left.whereis(echoName), onLeft);
  t.is(right.whereis(echoName), onRight);
  t.is(left.info().processes, 1);
  t.is(left.env('color' as never), undefined);
  t.deepEqual(lines, []);
  t.is(await left.call(echoName, { type: 'ask' }), 'left@localhost');
  t.is(await right.call(echoName, { type: 'ask' }), 'right@localhost');
});

test('what belongs to another node is out of reach without a connection', async (t) => {
  const [left, right] = [await named(t, 'left@localhost'), await named(t, 'right@localhost')];
  const seen: string[] = [];
  const pid = await right.spawn(Echo, { name: echoName, args: [seen] });
  const alias = (await aliasOn(right)) as unknown as Pid<EchoProtocol>;
  const name = processId(echoName, 'right@localhost');
  for (const to of [pid, alias, name]) {
    t.is(left.send(to, 'lost'), 'no-connection');
    const expected = { code: 'no-connection', message: /no connection/ };
    await t.throwsAsync(left.sendImportant(to, 'lost'), expected);
    await t.throwsAsync(left.call(to, { type: 'ask' }), expected);
    await t.throwsAsync(left.inspect(to), expected);
    t.notThrows(() => left.sendAfter(to, 'lost', 1));
  }
  t.is(left.sendExit(pid, 'normal'), 'no-connection');
  t.throws(() => left.kill(pid), { code: 'no-connection' });
  t.throws(() => left.processInfo(pid), { code: 'no-connection' });
  t.throws(() => left.registerName(echoName, pid), { code: 'no-connection' });
  t.throws(() => left.processState(pid), { code: 'no-connection' });

  const witness = await spawnWitness(left);
  for (const to of [pid, alias, name] as never[]) {
    await witness.run(async (self) => {
      await t.throwsAsync(self.link(to), { code: 'no-connection' });
      await t.throwsAsync(self.monitor(to), { code: 'no-connection' });
    });
  }
  t.is(right.processState(pid), 'sleep');
  t.deepEqual(seen, []);
});

test('what belongs to an earlier incarnation of a node is told apart', async (t) => {
  const seen: string[] = [];
  const earlier = await named(t, 'again@localhost');
  const stale = await earlier.spawn(Echo);
  const staleAlias = (await aliasOn(earlier)) as unknown as Pid<EchoProtocol>;
  await earlier.stop();

  const later = await named(t, 'again@localhost');
  const fresh = await later.spawn(Echo, { name: echoName, args: [seen] });
  t.is(fresh.id, stale.id);
  t.is(fresh.node, stale.node);
  t.not(fresh.creation, stale.creation);
  for (const to of [stale, staleAlias]) {
    t.is(later.send(to, 'lost'), 'process-incarnation');
    const expected = { code: 'process-incarnation', message: /earlier incarnation/ };
    await t.throwsAsync(later.call(to, { type: 'ask' }), expected);
    await t.throwsAsync(later.sendImportant(to, 'lost'), expected);
  }
  t.is(later.sendExit(stale, 'kill'), 'process-incarnation');
  t.throws(() => later.kill(stale), { code: 'process-incarnation' });
  t.throws(() => later.processInfo(stale), { code: 'process-incarnation' });
  t.is(later.processState(stale), 'terminated');
  t.is(later.processState(fresh), 'sleep');

  // A name is looked up anew, and so finds the later one.
  t.is(later.send(processId(echoName, 'again@localhost'), 'found'), 'ok');
  await waitFor('the message', () => seen.length > 0);
  t.deepEqual(seen, ['found']);
});

test('the stop of one node leaves the others alone', async (t) => {
  const [left, right] = [await named(t, 'left@localhost'), await named(t, 'right@localhost')];
  const pid = await right.spawn(Echo);
  await left.stop();
  t.false(left.isAlive);
  t.true(right.isAlive);
  t.is(await right.call(pid, { type: 'ask' }), 'right@localhost');
});

test('a process of one node may use another node as anybody may', async (t) => {
  const [left, right] = [await named(t, 'left@localhost'), await named(t, 'right@localhost')];
  const seen: string[] = [];
  const echo = await right.spawn(Echo, { args: [seen] });
  const { run } = await spawnWitness(left);
  t.is(await run(() => right.call(echo, { type: 'ask' })), 'right@localhost');
  t.is(await run(() => right.send(echo, 'hello')), 'ok');
  await waitFor('the message', () => seen.length > 0);
  t.deepEqual(seen, ['hello']);
});

test('a hundred nodes live side by side', async (t) => {
  const nodes = await Promise.all(Array.from({ length: 100 }, () => quietNode(t)));
  const pids = await Promise.all(nodes.map((node) => node.spawn(Echo)));
  const names = await Promise.all(
    nodes.map((node, index) => node.call(pids[index] as Pid<EchoProtocol>, { type: 'ask' })),
  );
  t.is(names.length, 100);
  await Promise.all(nodes.map((node) => node.stop()));
  t.true(nodes.every(({ isAlive }) => !isAlive));
});

test('Node.js warns of nothing when many nodes with behaviours start at once', async (t) => {
  const warnings: Error[] = [];
  const hear = (warning: Error): void => void warnings.push(warning);
  process.on('warning', hear);
  t.teardown(() => process.off('warning', hear));
  const network = networkOf();
  const options = { network, log: { disableConsole: true }, behaviors: [puppets] };
  const names = Array.from({ length: 12 }, (_, index) => `many-${index}@localhost`);
  const nodes = await Promise.all(names.map((name) => startNode(name, options)));
  await Promise.all(nodes.map((node) => node.stop()));
  t.deepEqual(warnings, []);
});
