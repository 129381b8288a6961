import test from 'ava';
import {
  noreply,
  Process,
  processName,
  reply,
  stop,
  type Behaviour,
  type Envelope,
  type Node,
  type Pid,
} from 'tergo';
import { spawnScript } from '../support/improvise.ts';
import { quietNode } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

interface Tap {
  readonly pid: Pid<unknown>;
  readonly envelopes: Envelope[];
}

/** Spawns a process that keeps every envelope and answers what it is asked. */
async function spawnTap(
  node: Node,
  init: (self: Process<unknown>) => unknown = () => undefined,
  answer: (envelope: Envelope) => unknown = answerOf,
): Promise<Tap> {
  const envelopes: Envelope[] = [];
  class TapProcess extends Process<unknown> {
    override async init(): Promise<void> {
      await init(this);
    }
    override receive(envelope: Envelope): never {
      envelopes.push(envelope);
      return answer(envelope) as never;
    }
    override handleMessage(): never {
      throw new Error('a raw process gets everything in receive');
    }
  }
  const pid = await node.spawn(TapProcess as unknown as Behaviour<unknown, []>);
  return { pid, envelopes };
}

function answerOf(envelope: Envelope): unknown {
  if (envelope.kind === 'request') return reply(envelope.request, 'the answer');
  return envelope.kind === 'inspect' ? { asked: envelope.items.join() } : noreply;
}

test('a raw process gets messages and requests with their sender, and answers by returning', async (t) => {
  const node = await quietNode(t);
  const { pid, envelopes } = await spawnTap(node);
  node.send(pid, 'hello');
  t.is(await node.call(pid, { type: 'x' }), 'the answer');
  t.is(envelopes.length, 2);
  t.like(envelopes[0], { kind: 'message', message: 'hello', from: node.pid });
  t.like(envelopes[1], { kind: 'request', request: { type: 'x' }, from: node.pid });
});

test('with split handling the envelope tells the name or alias it was sent to, and no address for a pid', async (t) => {
  const node = await quietNode(t);
  const name = processName<never>('tap');
  let alias: unknown;
  const { pid, envelopes } = await spawnTap(node, (self) => {
    self.splitHandle = true;
    self.registerName(name as never);
    alias = self.createAlias();
  });
  for (const to of [pid, name, alias]) {
    node.send(to as Pid<unknown>, 1);
    await node.call(to as Pid<unknown>, { type: 'x' });
  }
  const addresses = envelopes.map((each) =>
    'from' in each && 'address' in each ? each.address : undefined,
  );
  t.deepEqual(addresses, [undefined, undefined, name, name, alias, alias]);
});

test('a raw process gets every other kind of envelope, too', async (t) => {
  const node = await quietNode(t);
  const publisher = node.registerEvent<unknown>('news');
  const [linked, monitored] = [await spawnScript(node, {}), await spawnScript(node, {})];
  const server = await spawnScript(node, { handleCall: () => 'answer' });
  const tap = await spawnTap(node, async (self) => {
    self.trapExit = true;
    await self.link(linked);
    await self.monitor(monitored);
    await self.linkEvent('news');
    self.registerEvent('own', { notify: true });
    self.sendRequest(server, { type: 'x' }, { label: 'mine' });
  });
  node.addLogger('tap', tap.pid);
  const subscriber = await spawnScript(node, { init: (self) => self.linkEvent('own') });
  node.sendEvent(publisher, 'news');
  for (const pid of [linked, monitored, subscriber]) node.kill(pid);
  node.log.error('to be logged');
  t.deepEqual(await node.inspect(tap.pid, 'a', 'b'), { asked: 'a,b' });
  await waitFor('all', () => tap.envelopes.length >= 8);

  const byKind = Object.fromEntries(tap.envelopes.map((each) => [each.kind, each]));
  t.is(tap.envelopes.length, Object.keys(byKind).length);
  const kinds = [
    'down',
    'event',
    'event-start',
    'event-stop',
    'exit',
    'inspect',
    'log',
    'response',
  ];
  t.deepEqual(Object.keys(byKind).toSorted(), kinds);
  t.like(byKind['exit'], { exit: { kind: 'pid', pid: linked, reason: 'kill' } });
  t.like(byKind['down'], { down: { kind: 'pid', pid: monitored, reason: 'kill' } });
  t.like(byKind['event'], { event: { name: 'news', message: 'news', node: node.name } });
  t.like(byKind['event-start'], { event: 'own' });
  t.like(byKind['event-stop'], { event: 'own' });
  t.like(byKind['response'], { response: { ok: true, value: 'answer', label: 'mine' } });
  t.like(byKind['log'], { record: { level: 'error', message: 'to be logged' } });
  t.like(byKind['inspect'], { items: ['a', 'b'], from: node.pid });
});

test('a raw process ends by returning stop, by throwing, and by junk', async (t) => {
  const node = await quietNode(t);
  const endings: readonly (() => unknown)[] = [
    () => stop('shutdown'),
    () => Promise.resolve(stop('shutdown')),
    () => 'junk',
    () => {
      throw new Error('on purpose');
    },
  ];
  for (const ending of endings) {
    const { pid } = await spawnTap(node, undefined, ending);
    node.send(pid, 1);
    await waitFor('the end', () => node.processState(pid) === 'terminated');
  }
  t.is(node.info().terminated, endings.length);
});

test('a behaviour is not made by new, but by spawn', (t) => {
  class Lonely extends Process<unknown> {
    override receive(): typeof noreply {
      return noreply;
    }
  }
  t.throws(() => new Lonely(), { code: 'not-allowed', message: /spawn\(Lonely\)/ });
});
