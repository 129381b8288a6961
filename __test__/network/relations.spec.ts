import test, { type ExecutionContext } from 'ava';
import {
  type Alias,
  eventId,
  eventName,
  type Node,
  processId,
  processName,
  type TergoError,
} from 'tergo';
import { virtualClock, type VirtualClock } from 'tergo/testing';
import { Control } from '../../ts/far/control.ts';
import { waitFor, within } from '../support/wait-for.ts';
import { fresh, type Handle, puppet } from '../threads/stage.ts';
import {
  closeSharedPair,
  networkNode,
  type Pair,
  pair,
  part,
  receivers,
  sharedPair,
} from './cluster.ts';
import { Hostile } from './hostile.ts';

test.after.always(closeSharedPair);

const SILENT = 'silent@localhost';

/** What a relation can be on: how its target is made, and how the notice of its end looks. */
interface Kind {
  readonly title: string;
  make(to: Handle, name: string): Promise<unknown>;
  /** Names of the methods that link, monitor and take back. */
  readonly methods: readonly [link: string, monitor: string, unlink: string, demonitor: string];
  readonly kind: string;
}

const PROCESS = ['link', 'monitor', 'unlink', 'demonitor'] as const;
const EVENT = ['linkEvent', 'monitorEvent', 'unlinkEvent', 'demonitorEvent'] as const;

const kinds: readonly Kind[] = [
  { title: 'pid', kind: 'pid', methods: PROCESS, make: async (to) => to.pid },
  {
    title: 'name',
    kind: 'name',
    methods: PROCESS,
    make: async (to, name) => {
      await to.do('registerName', name);
      return processId(processName(name), 'b@localhost');
    },
  },
  { title: 'alias', kind: 'alias', methods: PROCESS, make: (to) => to.do('createAlias') },
  {
    title: 'event',
    kind: 'event',
    methods: EVENT,
    make: async (to, name) => {
      await to.do('announce', eventName(name), {});
      return eventId(eventName(name), 'b@localhost');
    },
  },
];

interface Ended {
  readonly on: 'exit' | 'down';
  readonly ended: { readonly kind: string; readonly reason: unknown };
}

/** The only notice that it has got. */
async function notice(who: Handle): Promise<Ended> {
  const [first, ...more] = await who.hears(1);
  if (more.length > 0) throw new Error(`${more.length} notices too many`);
  return first as Ended;
}

async function related(
  { a, b }: Pair,
  { make }: Kind,
  thread: number,
): Promise<{ who: Handle; to: Handle; target: unknown }> {
  const who = await puppet(a, 0, { trapExit: true });
  const to = await puppet(b, thread);
  return { who, to, target: await make(to, fresh('target')) };
}

for (const kind of kinds) {
  const [link, monitor, unlink, demonitor] = kind.methods;
  for (const { title, thread } of receivers) {
    test(`D21-D28: a link to a ${kind.title} fires once when its process ends, ${title}`, async (t) => {
      const { who, to, target } = await related(await sharedPair(), kind, thread);
      await who.do(link, target);
      await t.throwsAsync(who.do(link, target), { code: 'target-exist' });
      const info = await who.do<{ links: readonly { kind: string }[] }>('info');
      t.deepEqual(
        info.links.map((one) => one.kind),
        [kind.kind],
      );
      to.tell({ type: 'stop', reason: 'shutdown' });
      const { on, ended } = await notice(who);
      t.is(on, 'exit');
      t.like(ended, { kind: kind.kind, reason: 'shutdown' });
    });

    test(`D30-D37: a monitor of a ${kind.title} fires once when its process ends, ${title}`, async (t) => {
      const { who, to, target } = await related(await sharedPair(), kind, thread);
      const other = await puppet((await sharedPair()).a, 0);
      for (const one of [who, other]) await one.do(monitor, target);
      const info = await who.do<{ monitors: readonly { kind: string }[] }>('info');
      t.deepEqual(
        info.monitors.map((one) => one.kind),
        [kind.kind],
      );
      await other.do(demonitor, target);
      to.tell({ type: 'stop', reason: 'shutdown' });
      const { on, ended } = await notice(who);
      t.is(on, 'down');
      t.like(ended, { kind: kind.kind, reason: 'shutdown' });
      t.deepEqual(await other.seen(), []);
    });

    test(`a monitor of a ${kind.title} hears of a crash what it was, ${title}`, async (t) => {
      const { who, to, target } = await related(await sharedPair(), kind, thread);
      await who.do(monitor, target);
      to.tell({ type: 'crash', text: 'on purpose' });
      const { on, ended } = await notice(who);
      t.is(on, 'down');
      t.is(ended.kind, kind.kind);
      t.is((ended.reason as Error).message, 'on purpose');
    });

    test(`relations on a ${kind.title} are taken back, ${title}`, async (t) => {
      const { who, to, target } = await related(await sharedPair(), kind, thread);
      await who.do(link, target);
      await who.do(monitor, target);
      await who.do(unlink, target);
      await who.do(demonitor, target);
      await t.throwsAsync(who.do(unlink, target), { code: 'target-unknown' });
      to.tell({ type: 'stop' });
      await to.gone();
      t.deepEqual(await who.seen(), []);
    });

    test(`relations on a ${kind.title} fire once when the node is lost, ${title}`, async (t) => {
      const nodes = await pair(t);
      const { who, to, target } = await related(nodes, kind, thread);
      const other = await puppet(nodes.a, 0);
      await who.do(link, target);
      await other.do(monitor, target);
      await part(nodes);
      const exit = await notice(who);
      t.is(exit.on, 'exit');
      t.is((exit.ended.reason as TergoError).code, 'no-connection');
      const down = await notice(other);
      t.is(down.on, 'down');
      t.is((down.ended.reason as TergoError).code, 'no-connection');
      t.true(nodes.b.processList().includes(to.pid));
    });
  }
}

test('a relation on what is not there is refused', async (t) => {
  const { a, b } = await sharedPair();
  const who = await puppet(a, 0);
  const gone = await puppet(b, 0);
  b.kill(gone.pid);
  await gone.gone();
  await t.throwsAsync(who.do('link', gone.pid), { code: 'process-unknown' });
  const nobody = processId(processName(fresh('nobody')), 'b@localhost');
  await t.throwsAsync(who.do('monitor', nobody), { code: 'process-unknown' });
  const nothing = eventId(eventName(fresh('nothing')), 'b@localhost');
  await t.throwsAsync(who.do('linkEvent', nothing), { code: 'event-unknown' });
});

test('a name and an alias that are given up fire as unregistered', async (t) => {
  const { a, b } = await sharedPair();
  const name = fresh('given up');
  const to = await puppet(b, 1);
  const [one, other] = [await puppet(a, 0), await puppet(a, 0)];
  await to.do('registerName', name);
  const alias = await to.do('createAlias');
  await one.do('monitor', processId(processName(name), 'b@localhost'));
  await other.do('monitor', alias);
  await to.do('unregisterName');
  await to.do('deleteAlias', alias);
  for (const who of [one, other]) {
    const { ended } = await notice(who);
    t.is((ended.reason as TergoError).code, 'unregistered');
  }
});

for (const { title, thread } of receivers)
  test(`D21-D38: what a process watches fires there once for the end, and once for the loss of its node, ${title}`, async (t) => {
    const nodes = await pair(t);
    const a = nodes.b;
    const b = nodes.a;
    for (const { make, methods, kind } of kinds) {
      const [link, monitor] = methods;
      for (const isLost of [false, true]) {
        const [one, other] = [await puppet(a, thread, { trapExit: true }), await puppet(a, thread)];
        const to = await puppet(b, 0);
        const target = (await make(to, fresh('target'))) as { node: string };
        const theirs = target.node === a.name ? { ...target, node: b.name } : target;
        await one.do(link, theirs);
        await other.do(monitor, theirs);
        await one.do('linkNode', b.name);
        await other.do('monitorNode', b.name);
        if (isLost) await part({ a: b, b: a });
        else to.tell({ type: 'stop', reason: 'shutdown' });
        const kindsOf = async (who: Handle): Promise<unknown> => {
          const notices = (await who.hears(isLost ? 2 : 1)) as readonly Ended[];
          return [notices.length, new Set(notices.map(({ on, ended }) => `${on} ${ended.kind}`))];
        };
        const expected = (on: string): unknown =>
          isLost ? [2, new Set([`${on} ${kind}`, `${on} node`])] : [1, new Set([`${on} ${kind}`])];
        t.deepEqual(await kindsOf(one), expected('exit'));
        t.deepEqual(await kindsOf(other), expected('down'));
        for (const who of [one, other]) a.kill(who.pid);
      }
    }
  });

test('D29, D38: a link and a monitor of a node fire once when it is lost', async (t) => {
  const nodes = await pair(t);
  const [one, other] = [await puppet(nodes.a, 0, { trapExit: true }), await puppet(nodes.a, 0)];
  await one.do('linkNode', 'b@localhost');
  await other.do('monitorNode', 'b@localhost');
  t.deepEqual(nodes.a.network.nodes(), ['b@localhost']);
  await part(nodes);
  const exit = await notice(one);
  t.like(exit, { on: 'exit', ended: { kind: 'node', node: 'b@localhost' } });
  const down = await notice(other);
  t.like(down, { on: 'down', ended: { kind: 'node', node: 'b@localhost' } });
});

test('relations on nodes are refused and taken back', async (t) => {
  const nodes = await pair(t);
  const who = await puppet(nodes.a, 0, { trapExit: true });
  await t.throwsAsync(who.do('linkNode', 'a@localhost'), { code: 'not-allowed' });
  await t.throwsAsync(who.do('monitorNode', 'nobody@localhost'), { code: 'no-route' });
  await who.do('linkNode', 'b@localhost');
  await who.do('monitorNode', 'b@localhost');
  await who.do('unlinkNode', 'b@localhost');
  await who.do('demonitorNode', 'b@localhost');
  await part(nodes);
  t.deepEqual(await who.seen(), []);
});

test('a process that watches ends, and nothing of its relations is left', async (t) => {
  const nodes = await sharedPair();
  const to = await puppet(nodes.b, 0);
  const who = await puppet(nodes.a, 0);
  await who.do('monitor', to.pid);
  nodes.a.kill(who.pid);
  await who.gone();
  const again = await puppet(nodes.a, 0);
  await again.do('monitor', to.pid);
  to.tell({ type: 'stop' });
  t.like(await notice(again), { on: 'down', ended: { kind: 'pid', reason: 'normal' } });
});

for (const { title, ask } of [
  { title: 'a link', ask: (who: Handle) => who.do('link', processId(processName('x'), SILENT)) },
  {
    title: 'a monitor',
    ask: (who: Handle) => who.do('monitor', processId(processName('x'), SILENT)),
  },
  {
    title: 'a monitor of an event',
    ask: (who: Handle) => who.do('monitorEvent', eventId(eventName('x'), SILENT)),
  },
])
  test(`${title} rejects in time when the other node says nothing, and does not stand later`, async (t) => {
    const { clock, node, peer } = await silentPeer(t);
    const who = await puppet(node, 0);
    const refused = t.throwsAsync(ask(who), { code: 'timeout' });
    await waitFor('the wish', () => peer.heard().some(({ op }) => op === Control.watch));
    const wish = peer.heard().find(({ op }) => op === Control.watch)!;
    await clock.advance(5000);
    await within('the refusal', () => refused);
    await waitFor('that it is taken back', () =>
      peer.heard().some(({ op, number }) => op === Control.unwatch && number === wish.number),
    );
    peer.say({ first: Control.watched, second: wish.number, value: [] });
    peer.say({ first: Control.fired, second: wish.number, value: ['normal', false] });
    t.deepEqual(await who.seen(), []);
    const info = await who.do<{ links: readonly object[]; monitors: readonly object[] }>('info');
    t.deepEqual([info.links, info.monitors], [[], []]);
  });

test('two wishes on one target each have their own time', async (t) => {
  const { clock, node, peer } = await silentPeer(t);
  const [first, second] = [await puppet(node, 0), await puppet(node, 0)];
  const target = processId(processName('x'), SILENT);
  const refused = t.throwsAsync(first.do('monitor', target), { code: 'timeout' });
  await waitFor('the wish', () => peer.heard().some(({ op }) => op === Control.watch));
  await clock.advance(3000);
  const stands = second.do('monitor', target);
  await waitFor('the second wish', () => node.processState(second.pid) !== 'sleep');
  await clock.advance(2000);
  await within('the refusal', () => refused);
  const wish = peer.heard().find(({ op }) => op === Control.watch)!;
  t.false(peer.heard().some(({ op }) => op === Control.unwatch));
  peer.say({ first: Control.watched, second: wish.number, value: [] });
  await within('the monitor', () => stands);
  peer.say({ first: Control.fired, second: wish.number, value: ['normal', false] });
  await second.hears(1);
  t.deepEqual(await first.seen(), []);
});

test('a question about an application, and its start, have a time', async (t) => {
  const { clock, node, peer } = await silentPeer(t);
  const remote = await node.network.connect(SILENT);
  const asked = t.throwsAsync(remote.applicationInfo('shop'), { code: 'timeout' });
  const started = t.throwsAsync(remote.startApplication('shop'), { code: 'timeout' });
  const options = { timeoutMs: 300 };
  const soon = t.throwsAsync(remote.startApplication('shop', options), { code: 'timeout' });
  await waitFor('the questions', () => {
    return peer.heard().filter(({ op }) => op === Control.ask).length === 3;
  });
  await clock.advance(300);
  await within('the refusal', () => soon);
  await clock.advance(4700);
  await within('the refusals', () => Promise.all([asked, started]));
  await t.throwsAsync(remote.startApplication('shop', { timeoutMs: -1 }), { code: 'incorrect' });
  await t.throwsAsync(remote.startApplication('shop', { soon: 1 } as never), { code: 'incorrect' });
});

test('what is known of processes and aliases of other nodes is not guessed', async (t) => {
  const { a, b } = await sharedPair();
  const [here, there] = [await puppet(a, 0), await puppet(b, 1)];
  const alias = await there.do<Alias>('createAlias');
  t.throws(() => a.processState(there.pid), { code: 'not-allowed' });
  t.throws(() => a.processInfo(there.pid), { code: 'not-allowed' });
  await t.throwsAsync(here.do('deleteAlias', alias), { code: 'alias-owner' });
});

/** A node that is connected, has a virtual clock, and a peer that answers nothing. */
async function silentPeer(t: ExecutionContext): Promise<SilentPeer> {
  const clock = virtualClock();
  const node = await networkNode('a@localhost', {}, { clock });
  const peer = await Hostile.connect(node, SILENT);
  t.teardown(async () => {
    await node.stopForce();
    await peer.close();
  });
  await waitFor('the connection', () => node.network.node(SILENT));
  return { clock, node, peer };
}

interface SilentPeer {
  readonly clock: VirtualClock;
  readonly node: Node;
  readonly peer: Hostile;
}

test('why something of another node cannot be linked to, monitored or reached is told by its name', async (t) => {
  const { a } = await sharedPair();
  const from = await puppet(a, 0);
  const nobody = processId(processName('nobody'), 'b@localhost');
  await t.throwsAsync(from.do('monitor', nobody), {
    code: 'process-unknown',
    message:
      "the name 'nobody' of b@localhost: there is no such process; it has ended, or there never was one",
  });
  await t.throwsAsync(from.do('monitorEvent', eventId(eventName('nothing'), 'b@localhost')), {
    code: 'event-unknown',
    message: /^the event 'nothing' of b@localhost: there is no such event; /,
  });
  await t.throwsAsync(a.sendImportant(nobody as never, 1 as never), {
    code: 'process-unknown',
    message: /^<'nobody'@'b@localhost'>: there is no such process; /,
  });
});
