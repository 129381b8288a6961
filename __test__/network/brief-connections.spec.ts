import test, { type ExecutionContext } from 'ava';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { eventId, eventName, processId, processName, spawnName, type Node } from 'tergo';
import { Control } from '../../ts/far/control.ts';
import { FRAME_MESSAGE, KIND_FAR } from '../../ts/native/layout.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Handle, puppet } from '../threads/stage.ts';
import { networkNode } from './cluster.ts';
import { Forged, Hostile } from './hostile.ts';

const VISITOR = 'visitor@localhost';

/** A node that dials the visitor, which does not answer there. */
async function diallingNode(t: ExecutionContext): Promise<Node> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const node = await networkNode('a@localhost');
  t.teardown(async () => {
    await node.stopForce();
    server.close();
  });
  const { port } = server.address() as { port: number };
  node.network.addRoute(`^${VISITOR}$`, { host: '127.0.0.1', port });
  return node;
}

const wishes: readonly (readonly [string, (who: Handle) => Promise<unknown>])[] = [
  ['a link to its node', (who) => who.do('linkNode', VISITOR)],
  ['a monitor of its node', (who) => who.do('monitorNode', VISITOR)],
  ['a link', (who) => who.do('link', processId(processName('x'), VISITOR))],
  ['a subscription', (who) => who.do('monitorEvent', eventId(eventName('x'), VISITOR))],
  ['a spawn', (who) => who.do('remoteSpawn', VISITOR, spawnName('x'), {})],
];

for (const [title, ask] of wishes)
  test(`${title} is refused at once when the node comes and goes in one turn`, async (t) => {
    const node = await diallingNode(t);
    const who = await puppet(node, 0, { trapExit: true });
    const refused = t.throwsAsync(ask(who), { code: 'no-connection' });
    await waitFor('the dial', () => node.network.routes()[0]!.dials > 0);
    Hostile.visit(node, VISITOR);
    await refused;
    const { links, monitors } =
      await who.do<Record<'links' | 'monitors', readonly object[]>>('info');
    t.deepEqual([links, monitors], [[], []]);
    t.deepEqual(await who.seen(), []);
  });

test('a linked child whose node is lost in the turn that tells of it is heard of, once', async (t) => {
  const node = await networkNode('a@localhost');
  const peer = await Hostile.connect(node, VISITOR);
  t.teardown(() => node.stopForce());
  await waitFor('the connection', () => node.network.node(VISITOR));
  const parent = await puppet(node, 0, { trapExit: true });
  const spawned = parent.do('remoteSpawn', VISITOR, spawnName('x'), { linkChild: true });
  const asked = await waitFor('the question', () =>
    peer.heard().find(({ op }) => op === Control.ask),
  );
  const child = new Forged(1, [0, 7, 1, 5000]);
  peer.say({ first: Control.answer, second: asked.number, value: [true, child] });
  peer.leave();
  await spawned;
  const [notice, ...more] = await parent.hears(1);
  t.like(notice, { on: 'exit', ended: { kind: 'pid', reason: { code: 'no-connection' } } });
  t.is(more.length, 0);
  t.deepEqual((await parent.do<{ links: readonly object[] }>('info')).links, []);
});

test('a call that has timed out before its node was reached is not sent', async (t) => {
  const node = await diallingNode(t);
  const target = processId(processName<unknown>('x'), VISITOR);
  const late = node.call(target, 'late' as never, { timeoutMs: 30 });
  await t.throwsAsync(late, { code: 'timeout' });
  const peer = await Hostile.connect(node, VISITOR);
  t.teardown(() => peer.close());
  const there = await waitFor('the connection', () => node.network.node(VISITOR));
  // Goes the same way after it.
  const asked = t.throwsAsync(there.applicationInfo('x'), { message: 'there is none' });
  const { number } = await waitFor('the question', () =>
    peer.heard().find(({ op }) => op === Control.ask),
  );
  t.is(there.info().messagesOut, 1);
  peer.say({ first: Control.answer, second: number, value: [false, new Error('there is none')] });
  await asked;
});

test('so many messages wait for a connection, what is more is refused, and all that wait are sent', async (t) => {
  const node = await diallingNode(t);
  const target = processId(processName<unknown>('x'), VISITOR);
  for (let count = 0; count < 1024; count++) t.is(node.send(target, count), 'ok');
  t.is(node.send(target, 'one more'), 'process-mailbox-full');
  await t.throwsAsync(node.call(target, 'one more' as never), {
    ...{ code: 'process-mailbox-full', message: /as much waits for a connection to .* as may/ },
  });
  await t.throwsAsync(node.sendImportant(target, 'one more'), { code: 'process-mailbox-full' });
  const peer = await Hostile.connect(node, VISITOR);
  t.teardown(() => peer.close());
  const there = await waitFor('the connection', () => node.network.node(VISITOR));
  await waitFor('the messages', () => there.info().messagesOut >= 1024);
  t.is(node.send(target, 'in time'), 'ok');
  await waitFor('the next', () => there.info().messagesOut > 1024);
  t.is(there.info().messagesOut, 1025);
});

test('what waits to be read when its node comes anew is read, though that has not told of shapes yet', async (t) => {
  const node = await networkNode('a@localhost');
  t.teardown(() => node.stopForce());
  const to = await puppet(node, 0);
  const gate = await to.shut();
  const creation = Date.now();
  const before = await Hostile.connect(node, VISITOR, { creation, hasShapes: true });
  const { slot: first, generation: second } = to.pid as unknown as Record<string, number>;
  const message = { ofAShape: ['that only the first connection has told'] };
  // An object has a shape when some like it have been met.
  const count = 12;
  const frame = { op: FRAME_MESSAGE, kind: KIND_FAR, first: first!, second: second! } as const;
  for (let said = 0; said < count; said += 1) before.say({ ...frame, value: message });
  const waits = async (): Promise<boolean> =>
    (await node.fetchProcessInfo(to.pid)).mailbox === count;
  await waitFor('the messages', waits);
  await before.close();
  await waitFor('the end of the connection', () => node.network.nodes().length === 0);
  const after = await Hostile.connect(node, VISITOR, { creation });
  await waitFor('the next connection', () => node.network.node(VISITOR));
  await gate.open();
  t.deepEqual(
    await to.messages(count),
    Array.from({ length: count }, () => message),
  );
  t.true(after.isConnected);
  await after.close();
});
