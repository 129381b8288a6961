import test, { type ExecutionContext } from 'ava';
import {
  eventId,
  eventName,
  type Node,
  type Pid,
  processId,
  processName,
  type TergoError,
} from 'tergo';
import { turnstile } from '../../support/turnstile.ts';
import { waitFor, within } from '../../support/wait-for.ts';
import type { Notice, PuppetProtocol } from '../../threads/puppet.ts';
import { type Handle, puppet } from '../../threads/stage.ts';
import { networkNode, networkOf } from '../cluster.ts';
import { MemberProcess } from './member-process.ts';
import type { MemberAddress } from './member.ts';

const B = 'b@localhost';
const C = 'c@localhost';
const bob = processId(processName<PuppetProtocol>('bob'), B);
const carol = processId(processName<PuppetProtocol>('carol'), C);

/** An operating system process with one node on which a puppet lives. */
async function member(
  t: ExecutionContext,
  name: string,
  lives: string,
  port = 0,
): Promise<{ readonly os: MemberProcess; readonly address: MemberAddress }> {
  await turnstile(t);
  const os = MemberProcess.launch(t);
  const network = networkOf({ acceptors: [{ port }] });
  return { os, address: await os.start({ name, network, puppets: [lives] }) };
}

async function nodeThatKnows(t: ExecutionContext, ...others: MemberAddress[]): Promise<Node> {
  const node = await networkNode('a@localhost');
  t.teardown(() => node.stopForce());
  for (const { name, host, port } of others) node.network.addRoute(`^${name}$`, { host, port });
  for (const { name } of others) await node.network.connect(name);
  return node;
}

/** What a puppet of another node answers. */
async function ask<T>(node: Node, to: typeof bob, op: string, ...args: unknown[]): Promise<T> {
  const answer = await node.call(to, { type: 'do', op, args } as never);
  const [how, value] = answer as readonly ['done' | 'failed', unknown];
  if (how === 'failed') throw value;
  return value as T;
}

/** A link and a monitor on everything by which bob can be watched. */
async function watchAll(node: Node): Promise<Handle> {
  const who = await puppet(node, 0, { trapExit: true });
  const pid = await ask<Pid>(node, bob, 'get', 'pid');
  const alias = await ask(node, bob, 'createAlias');
  await ask(node, bob, 'announce', eventName('news'), {});
  for (const target of [pid, bob, alias]) {
    await who.do('link', target);
    await who.do('monitor', target);
  }
  await who.do('linkEvent', eventId(eventName('news'), B));
  await who.do('monitorEvent', eventId(eventName('news'), B));
  await who.do('linkNode', B);
  await who.do('monitorNode', B);
  return who;
}

interface Ended {
  readonly on: 'exit' | 'down';
  readonly ended: { readonly kind: string; readonly reason?: TergoError };
}

const everyEnd = ['alias', 'event', 'name', 'node', 'pid'].flatMap((kind) => [
  `down ${kind}`,
  `exit ${kind}`,
]);

function endings(notices: readonly Notice[]): readonly string[] {
  return (notices as unknown as readonly Ended[])
    .map(({ on, ended }) => `${on} ${ended.kind}`)
    .toSorted();
}

test('when a peer is killed, each link and monitor fires exactly once, with no-connection', async (t) => {
  const b = await member(t, B, 'bob');
  const node = await nodeThatKnows(t, b.address);
  const who = await watchAll(node);
  await b.os.kill();
  const heard = await who.hears(everyEnd.length);
  t.deepEqual(endings(heard), everyEnd.toSorted());
  for (const { ended } of heard as unknown as readonly Ended[])
    if (ended.reason !== undefined) t.is(ended.reason.code, 'no-connection', ended.kind);

  // A new incarnation, and its loss, wake none of them again.
  const again = await member(t, B, 'bob', b.address.port);
  await node.network.connect(B);
  await again.os.kill();
  await waitFor('the second loss', () => node.network.nodes().length === 0);
  t.deepEqual(endings(await who.seen()), everyEnd.toSorted());
});

test('when a peer is killed, whatever waits for it is rejected', async (t) => {
  const b = await member(t, B, 'bob');
  const node = await nodeThatKnows(t, b.address);
  const pid = await ask<Pid<PuppetProtocol>>(node, bob, 'get', 'pid');
  const timeoutMs = 60_000;
  const waits = [bob, pid].flatMap((to) =>
    Array.from({ length: 50 }, () =>
      node.call(to as typeof bob, { type: 'keep' } as never, { timeoutMs }),
    ),
  );
  const outcome = Promise.allSettled(waits);
  await ask(node, bob, 'seen');
  await b.os.kill();
  const settled = await within('the calls to settle', () => outcome);
  const codes = settled.map((one) =>
    one.status === 'rejected' ? (one.reason as TergoError).code : 'answered',
  );
  t.deepEqual(new Set(codes), new Set(['no-connection']));
});

test('a node that was killed is found again under its name, and its earlier pids are refused', async (t) => {
  const b = await member(t, B, 'bob');
  const node = await nodeThatKnows(t, b.address);
  const who = await puppet(node, 0);
  const stale = await ask<Pid<PuppetProtocol>>(node, bob, 'get', 'pid');
  const alias = await ask(node, bob, 'createAlias');
  await b.os.kill();
  await waitFor('the loss', () => node.network.nodes().length === 0);

  const again = await member(t, B, 'bob', b.address.port);
  t.true(again.address.creation > b.address.creation);
  // Nobody dials by hand: the call does.
  const pid = await ask<Pid<PuppetProtocol>>(node, bob, 'get', 'pid');
  t.is(pid.creation, again.address.creation);
  t.not(pid, stale);
  t.is(node.send(stale, 'late'), 'process-incarnation');
  for (const target of [stale, alias])
    for (const op of ['sendImportant', 'link', 'monitor'])
      await t.throwsAsync(who.do(op, target, 'late'), { code: 'process-incarnation' }, op);
  await t.throwsAsync(node.call(stale, { type: 'x' } as never), { code: 'process-incarnation' });
  t.is(node.send(pid, 'in time'), 'ok');
  t.deepEqual(await again.os.hears(B, 'bob', 1), [{ on: 'message', message: 'in time' }]);
});

test('of three nodes one is killed: each of the others hears of it once, and they go on talking', async (t) => {
  const b = await member(t, B, 'bob');
  const c = await member(t, C, 'carol');
  const node = await nodeThatKnows(t, b.address, c.address);
  await c.os.do('route', C, B, { host: b.address.host, port: b.address.port });
  await c.os.do('relate', C, 'carol', 'monitor', { name: 'bob', node: B });
  await c.os.do('relate', C, 'carol', 'link', { name: 'bob', node: B });
  const from = await puppet(node, 0);
  const half = 2000;
  t.is(await from.do('flood', carol, half), half);
  await b.os.kill();
  t.is(await from.do('flood', carol, half), half);
  const heard = await c.os.hears(C, 'carol', 2 * half + 2);
  const ends = heard.filter(({ on }) => on !== 'message');
  t.deepEqual(ends.map(({ on, kind, code }) => `${on} ${kind} ${code}`).toSorted(), [
    'down name no-connection',
    'exit name no-connection',
  ]);
  const messages = heard.flatMap(({ on, message }) => (on === 'message' ? [message] : []));
  const numbers = Array.from({ length: half }, (_, index) => index);
  t.deepEqual(messages, [...numbers, ...numbers]);
  // It may hear of it later than the third node, which has told.
  await waitFor('the end of the second', () => !node.network.nodes().includes(B));
  t.deepEqual(node.network.nodes(), [C]);
  t.deepEqual(await c.os.do('nodes', C), ['a@localhost']);
});
