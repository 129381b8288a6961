import test from 'ava';
import { processName } from 'tergo';
import { Control } from '../../ts/far/control.ts';
import { waitFor } from '../support/wait-for.ts';
import { fresh, puppet } from '../threads/stage.ts';
import { networkNode } from './cluster.ts';
import { Hostile, spinFor } from './hostile.ts';

test('what a thread says late of a peer that has gone does not end the connection that has its place', async (t) => {
  const node = await networkNode('a@localhost', {}, { threads: 2 });
  t.teardown(() => node.stopForce());
  const peer = await Hostile.connect(node, 'former@localhost');
  const [holder, asking, asked] = [
    await puppet(node, 1),
    await puppet(node, 1),
    await puppet(node, 1),
  ];
  const beside = await puppet(node, 0);
  const [until, read] = [processName(fresh('until')), processName(fresh('read'))];
  // Thread 1 stands still until somebody has that name.
  const request = { type: 'pass on', to: asked.pid, until };
  const held = beside.do('callAll', holder.pid, [request]);
  await waitFor('the stop', () => node.whereis(processName('handed on')) !== undefined);
  // It does not carry what it must.
  peer.say({ first: Control.threadEnded | (1 << 24), second: 1, value: 'nonsense' });
  await peer.close();
  await waitFor('the end of the connection', () => node.network.nodes().length === 0);
  const order = { type: 'do', op: 'registerName', args: [read] };
  const done = asking.do('callAll', asked.pid, [order]);
  // It goes on, and this one takes nothing before the next peer is there.
  node.registerName(until, beside.pid);
  t.truthy(spinFor(() => node.whereis(read)));
  const next = Hostile.arrive(node, 'next@localhost');
  t.teardown(() => next.close());
  await Promise.all([held, done]);
  await waitFor('the next peer', () => node.network.nodes().length === 1);
  t.true(next.isConnected);
  t.deepEqual(node.network.nodes(), [next.name]);
});
