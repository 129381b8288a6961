import test from 'ava';
import { eventName, processName, type Pid } from 'tergo';
import { closedGate, memberOn } from '../support/clerk-places.ts';
import { FarListener, type FirstThing } from '../support/far-listener.ts';
import {
  closeShared,
  freshName,
  infoOf,
  places,
  sharedPlace,
  witnessOn,
} from '../support/places.ts';
import { waitFor } from '../support/wait-for.ts';

const CASES: readonly (readonly [what: string, first: FirstThing, notice: string])[] = [
  ['an event published with max', 'publish with max', 'urgent'],
  ['the down of a process that is killed', 'kill the watched one', 'down pid'],
  ['the down of an event that is given up', 'give the event up', 'down event'],
];

test.after.always(closeShared);

for (const place of places) {
  for (const [what, first, notice] of CASES) {
    test(`${what} overtakes the messages that its cause was granted together with${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      // An end on another thread is heard of only later.
      const { pid: watched } = await witnessOn(node, place.other);
      const sender = await witnessOn(node, place.self);
      const args = [eventName<string>(freshName('news')), watched, first];
      const listener = await memberOn(node, FarListener, place.other, { args: args as never });
      await sender.run((self) => [0, 1, 2, 3].map((n) => self.send(listener.pid, n)));
      const order = await waitFor('all', async () => {
        const noted = await listener.do<string[]>('order');
        return noted.length >= 5 && noted;
      });
      t.deepEqual(order, ['m0', notice, 'm1', 'm2', 'm3']);
    });
  }

  test(`what is urgent overtakes messages that wait, though it was sent behind them${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const news = eventName<string>(freshName('news'));
    const gate = await closedGate(node);
    const { gate: asked } = gate.wait() as { gate: Pid<unknown> };
    const sender = await witnessOn(node, place.self);
    const publisher = await sender.run((self) => self.registerEvent(news));
    const watched = await witnessOn(node, place.self);
    const listener = await witnessOn(node, place.other);
    await listener.run((self) => self.monitorEvent(news));
    await listener.run((self) => self.monitor(watched.pid));
    const held = listener.run((self) => self.call(asked, { type: 'wait' }, { timeoutMs: 60_000 }));
    await gate.entered;
    const to = listener.pid as Pid<unknown>;
    await sender.run((self) => [1, 2].map((n) => self.send(to, n)));
    await sender.run((self) => self.sendEvent(publisher, 'urgent', { priority: 'max' }));
    await sender.run((self) => self.killOther(watched.pid));
    await waitFor('the down', async () => (await infoOf(node, listener.pid)).mailbox === 4);
    await sender.run((self) => self.unregisterEvent(news));
    await waitFor('all', async () => (await infoOf(node, listener.pid)).mailbox === 5);
    gate.open();
    await held;
    const heard = await listener.heard();
    t.deepEqual(
      heard.map(({ on }) => on),
      ['event', 'down', 'down', 'message', 'message'],
    );
  });

  test(`a process id may be written as a literal${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const name = processName<unknown>(freshName('taker'));
    const taker = await witnessOn(node, place.other, { name });
    const sender = await witnessOn(node, place.self);
    const results = await sender.run((self) =>
      [node.name, 'b@localhost'].map((at) =>
        self.send<{ message: unknown }>({ name, node: at }, 'hello'),
      ),
    );
    t.deepEqual(results, ['ok', 'no-connection']);
    t.like(await taker.heard(), [{ on: 'message', message: 'hello', from: sender.pid }]);
  });
}
