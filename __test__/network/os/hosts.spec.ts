import test from 'ava';
import { waitFor } from '../../support/wait-for.ts';
import { COOKIE } from '../cluster.ts';
import { Hosts, whyNoHosts } from './hosts.ts';
import { MemberProcess } from './member-process.ts';
import type { MemberAddress, Named, PlainEvent, PlainNotice } from './member.ts';

const KEEP_ALIVE_MS = 300;
const SILENCE_MS = 30_000;
const DIAL_MS = 10_000;

const why = whyNoHosts();
if (why !== undefined) console.log(`skipped: tests with several hosts, for ${why}`);
const onHosts = why === undefined ? test : test.skip;

interface Member {
  readonly os: MemberProcess;
  readonly address: MemberAddress;
}

onHosts(
  'hosts that are parted both notice by the silence, relations fire once, and after the heal they find each other again',
  async (t) => {
    t.timeout(110_000);
    const hosts = Hosts.make(t);
    const members: Member[] = [];
    for (const [host, address] of hosts.addresses.entries()) {
      const os = MemberProcess.launch(t, { before: hosts.on(host) });
      const network = {
        ...({ cookie: COOKIE, registrar: false, keepAliveMs: KEEP_ALIVE_MS } as const),
        ...{ dialTimeoutMs: 1000, acceptors: [{ host: address, port: 0 }] },
      };
      const name = `n${host}@${address}`;
      members.push({ os, address: await os.start({ name, network, puppets: ['one'] }) });
    }
    const [one, other] = members as [Member, Member];
    await introduce(one, other);
    await introduce(other, one);
    await one.os.do('connect', one.address.name, other.address.name, DIAL_MS);
    for (const [from, to] of bothWays(one, other))
      for (const op of ['link', 'monitor'])
        await from.os.do('relate', from.address.name, 'one', op, named(to));

    hosts.part();
    for (const [from, to] of bothWays(one, other)) {
      await waitFor(
        'the silence to be noticed',
        async () => !(await nodesOf(from)).includes(to.address.name),
        SILENCE_MS,
      );
      const heard = await from.os.hears(from.address.name, 'one', 2);
      t.deepEqual(heard.map(summary).toSorted(), both);
    }
    await t.throwsAsync(
      one.os.do('connect', one.address.name, other.address.name, DIAL_MS),
      undefined,
      'nothing gets through',
    );

    hosts.heal();
    await waitFor(
      'the heal',
      () =>
        one.os.do<number>('connect', one.address.name, other.address.name, DIAL_MS).then(
          (creation) => creation === other.address.creation,
          () => false,
        ),
      SILENCE_MS,
    );
    for (const [from, to] of bothWays(one, other)) {
      await from.os.do('relate', from.address.name, 'one', 'send', named(to), 'again');
      const heard = await to.os.hears(to.address.name, 'one', 3);
      t.deepEqual(heard.map(summary).toSorted(), [...both, 'message again'].toSorted());
      const events = await from.os.do<readonly PlainEvent[]>('events', from.address.name);
      t.deepEqual(
        events.map(({ type, node }) => `${type} ${node}`),
        ['connected', 'disconnected', 'connected'].map((type) => `${type} ${to.address.name}`),
      );
    }
  },
);

const both = ['down name no-connection', 'exit name no-connection'];

function summary({ on, kind, code, message }: PlainNotice): string {
  return on === 'message' ? `message ${String(message)}` : `${on} ${kind} ${code}`;
}

function bothWays(one: Member, other: Member): readonly (readonly [from: Member, to: Member])[] {
  return [
    [one, other],
    [other, one],
  ];
}

function named({ address }: Member): Named {
  return { name: 'one', node: address.name };
}

function nodesOf({ os, address }: Member): Promise<readonly string[]> {
  return os.do<readonly string[]>('nodes', address.name);
}

async function introduce({ os, address }: Member, { address: to }: Member): Promise<void> {
  await os.do('route', address.name, to.name, { host: to.host, port: to.port });
}
