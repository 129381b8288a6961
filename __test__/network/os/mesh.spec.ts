import test from 'ava';
import type { RemoteNodeInfo } from 'tergo';
import { waitFor } from '../../support/wait-for.ts';
import { networkOf } from '../cluster.ts';
import { MemberProcess } from './member-process.ts';
import type { MemberAddress, PlainEvent } from './member.ts';

const PROCESSES = 4;
const NODES_A_PROCESS = 5;
const NODES = PROCESSES * NODES_A_PROCESS;
const POOL = 3;
const DIAL_MS = 60_000;

/** Sees the descriptors that every process keeps for its next node. */
async function warmUp(member: MemberProcess): Promise<number> {
  await member.start({ name: 'warm@localhost', network: networkOf() });
  await member.do('stop', 'warm@localhost');
  return descriptors(member);
}

function descriptors(member: MemberProcess): Promise<number> {
  return member.do<number>('descriptors');
}

test('twenty nodes that dial each other at once have one connection for each pair, and leave no descriptor open', async (t) => {
  t.timeout(110_000);
  const members = Array.from({ length: PROCESSES }, () => MemberProcess.launch(t));
  const before = await Promise.all(members.map(warmUp));
  const nodes: (MemberAddress & { readonly member: MemberProcess })[] = [];
  for (let number = 0; number < NODES; number += 1) {
    const member = members[number % PROCESSES]!;
    const network = networkOf({ poolSize: POOL });
    const address = await member.start({ name: `n${number}@localhost`, network, puppets: ['hub'] });
    nodes.push({ ...address, member });
  }
  const names = nodes.map(({ name }) => name);
  for (const { name, member } of nodes)
    for (const { name: to, host, port } of nodes)
      if (to !== name) await member.do('route', name, to, { host, port });

  await Promise.all(members.map((member) => member.do('meet', names, DIAL_MS)));

  const seen = new Map<string, readonly RemoteNodeInfo[]>();
  for (const { name, member } of nodes)
    seen.set(name, await member.do<readonly RemoteNodeInfo[]>('peers', name));
  const creations = new Map(nodes.map(({ name, creation }) => [name, creation]));
  for (const [name, peers] of seen) {
    const others = names.filter((other) => other !== name);
    t.deepEqual(peers.map((peer) => peer.name).toSorted(), others.toSorted(), name);
    for (const peer of peers) {
      t.is(peer.creation, creations.get(peer.name)!, `${name} to ${peer.name}`);
      const back = seen.get(peer.name)!.find((one) => one.name === name)!;
      t.not(peer.isDialler, back.isDialler, `${name} and ${peer.name}`);
    }
  }

  // Each says something to each, on whichever connection has stayed.
  for (const { name, member } of nodes)
    for (const to of names)
      if (to !== name)
        await member.do('relate', name, 'hub', 'send', { name: 'hub', node: to }, name);
  for (const { name, member } of nodes) {
    const heard = await member.hears(name, 'hub', NODES - 1);
    t.deepEqual(
      heard.map(({ message }) => message as string).toSorted(),
      names.filter((other) => other !== name).toSorted(),
    );
    const events = await member.do<readonly PlainEvent[]>('events', name);
    t.deepEqual(
      events.map(({ type, node, reason }) => `${type} ${node ?? reason}`).toSorted(),
      names
        .filter((other) => other !== name)
        .map((other) => `connected ${other}`)
        .toSorted(),
      `${name} has seen each connection once, and no end of one`,
    );
  }

  await Promise.all(nodes.map(({ name, member }) => member.do('stop', name)));
  for (const [index, member] of members.entries())
    await waitFor('the descriptors to be closed', async () => {
      return (await descriptors(member)) <= before[index]!;
    });
  t.pass();
});
