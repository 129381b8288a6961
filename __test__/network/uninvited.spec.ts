import test, { type ExecutionContext } from 'ava';
import { Application, type ApplicationSpec, childSpec, type Node, spawnName } from 'tergo';
import { Control } from '../../ts/far/control.ts';
import { waitFor } from '../support/wait-for.ts';
import { Puppet } from '../threads/puppet.ts';
import { puppet } from '../threads/stage.ts';
import { networkNode } from './cluster.ts';
import { Forged, Hostile } from './hostile.ts';

/** A process of the peer. */
const OWN = new Forged(1, [0, 7, 1, 5000]);

class Shop extends Application {
  override load(): ApplicationSpec {
    return { name: 'shop', mode: 'temporary', group: [childSpec('keeper', Puppet)] };
  }
}

/** A node that lends and lets start all that it has, and a peer that asks for whatever it likes. */
async function lender(t: ExecutionContext, isOn: boolean): Promise<{ node: Node; peer: Hostile }> {
  const flags = { remoteSpawn: isOn, remoteApplicationStart: isOn };
  const node = await networkNode('lender@localhost', { flags });
  t.teardown(() => node.stopForce());
  await node.applications.load(Shop);
  node.network.enableSpawn(spawnName('puppet'), Puppet);
  node.network.enableApplicationStart('shop');
  const peer = await Hostile.connect(node, 'asker@localhost');
  t.teardown(() => peer.close());
  await waitFor('the peer', () => node.network.nodes().length === 1);
  return { node, peer };
}

/** Asks, and waits until that is answered. */
async function ask(peer: Hostile, number: number, value: readonly unknown[]): Promise<void> {
  peer.say({ first: Control.ask, second: number, value });
  await waitFor('the answer', () =>
    peer.heard().some((one) => one.op === Control.answer && one.number === number),
  );
}

function spawning(parent: Forged, options: object = {}): readonly unknown[] {
  const words = { name: 'puppet', options, parent, leader: OWN, env: [] };
  return ['spawn', { ...words, logLevel: 'info', proxy: 0 }];
}

function starting(parent: Forged): readonly unknown[] {
  return ['start-application', 'shop', undefined, [], parent, 'info'];
}

function stateOf(node: Node): string {
  return node.applications.info('shop').state;
}

test('a peer that asks for what is lent to it gets that', async (t) => {
  const { node, peer } = await lender(t, true);
  await ask(peer, 1, spawning(OWN));
  t.is(node.processList().length, 1);
  await ask(peer, 2, starting(OWN));
  t.is(stateOf(node), 'running');
});

test('what a flag has turned off is refused by who was asked as well, not only by who asks', async (t) => {
  const { node, peer } = await lender(t, false);
  await ask(peer, 1, spawning(OWN));
  await ask(peer, 2, starting(OWN));
  t.deepEqual(node.processList(), []);
  t.is(stateOf(node), 'loaded');
});

test('a peer that spawns says nothing of what its child is but what a spawn from far may say', async (t) => {
  const { node, peer } = await lender(t, true);
  const all = [{ linkChild: true }, { leader: OWN }, { env: [] }, { unheardOf: 1 }];
  for (const [number, options] of all.entries()) await ask(peer, number, spawning(OWN, options));
  t.deepEqual(node.processList(), []);
});

test('a peer spawns and starts nothing in the name of a process that is none of its own', async (t) => {
  const { node, peer } = await lender(t, true);
  const { pid } = await puppet(node, 0);
  const { slot, generation, id, creation } = pid as unknown as Record<string, number>;
  const others = [
    new Forged(1, [0, slot, generation, id, node.name, creation]),
    new Forged(1, [0, 7, 1, 5000, 'third@localhost', 5]),
  ];
  for (const [index, other] of others.entries()) {
    await ask(peer, 2 * index, spawning(other));
    await ask(peer, 2 * index + 1, starting(other));
  }
  t.deepEqual(node.processList(), [pid]);
  t.is(stateOf(node), 'loaded');
});
