import test from 'ava';
import { startNode, type RouteFailure } from 'tergo';
import { FarRouter } from '../support/far-router.ts';
import { ParcelSender } from '../support/parcel-sender.ts';
import { places } from '../support/places.ts';
import { turnstile } from '../support/turnstile.ts';
import { waitFor } from '../support/wait-for.ts';

const behaviors = ['far-router', 'parcel-sender'].map(
  (name) => new URL(`../support/${name}.ts`, import.meta.url),
);

for (const place of places.filter(({ isThreaded }) => isThreaded))
  test(`the sender of a message hears that there is no way on${place.title}`, async (t) => {
    await turnstile(t);
    const node = await startNode('senders@localhost', {
      ...{ threads: 3, behaviors, log: { disableConsole: true } },
    });
    t.teardown(() => node.stopForce());
    const plan = { label: 'router', owned: [], thread: place.other };
    const router = await node.spawn(FarRouter, { thread: place.other, args: [plan] });
    const sender = await node.spawn(ParcelSender, { thread: place.self });
    const parcel = { type: 'parcel', to: 'nowhere' } as never;
    node.send(sender, { type: 'send', through: router, parcel });
    const [failure, ...others] = await waitFor('the failure', async () => {
      const failures = await node.call(sender, { type: 'failures' } as never);
      const list = failures as unknown as readonly RouteFailure[];
      return list.length > 0 && list;
    });
    t.deepEqual(failure, {
      ...{ router, route: 'nowhere', code: 'route-unknown', kind: 'message' },
      ...{ message: parcel, from: sender },
    });
    t.is(others.length, 0);
  });
