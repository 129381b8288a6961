import test from 'ava';
import { eventId, eventName, processId, processName, type TergoError } from 'tergo';
import { fresh, type Handle, puppet } from '../threads/stage.ts';
import { closeSharedPair, type Pair, pair, part, receivers, sharedPair } from './cluster.ts';

test.after.always(closeSharedPair);

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
