import test from 'ava';
import { processId, processName, type AnyTarget, type ErrorCode, type Node } from 'tergo';
import { closeShared, infoOf, places, sharedPlace, witnessOn } from '../support/places.ts';
import { gone, quietNode, spawnWitness, type Handle, type Witness } from '../support/witness.ts';

test.after.always(closeShared);

/** A target that is not there, and what linking to it or monitoring it rejects with. */
interface Absent {
  readonly title: string;
  readonly code: ErrorCode;
  /** The name of the node on which it is made; the very node by default. */
  readonly home?: string;
  find(node: Node, ended: Handle): Promise<AnyTarget>;
}

const absents: readonly Absent[] = [
  {
    title: 'the pid of a process that has ended',
    code: 'process-unknown',
    find: async (node, ended) => {
      node.kill(ended.pid);
      await gone(node, ended);
      return ended.pid;
    },
  },
  {
    title: 'a pid of an earlier incarnation of the node',
    code: 'process-incarnation',
    home: 'quiet@localhost',
    find: async (_node, { pid }) => pid,
  },
  {
    title: 'a pid of another node of this OS process',
    code: 'no-connection',
    home: 'other@localhost',
    find: async (_node, { pid }) => pid,
  },
  { title: 'a name', code: 'process-unknown', find: async () => processName('nobody') },
  {
    title: 'a process id of this node',
    code: 'process-unknown',
    find: async (node) => processId(processName('nobody'), node.name),
  },
  {
    title: 'a process id of a node without connection',
    code: 'no-connection',
    find: async () => processId(processName('nobody'), 'far@away'),
  },
  {
    title: 'an alias that was deleted',
    code: 'alias-unknown',
    find: (_node, owner) =>
      owner.run(async (self) => {
        // One that lives on another thread answers by promises.
        const alias = await Promise.resolve(self.createAlias());
        await Promise.resolve(self.deleteAlias(alias));
        return alias;
      }),
  },
  {
    title: 'an alias whose process has ended',
    code: 'alias-unknown',
    find: async (node, ended) => {
      const alias = await ended.run((self) => self.createAlias());
      node.kill(ended.pid);
      await gone(node, ended);
      return alias;
    },
  },
];

const kinds = [
  { kind: 'link', rule: 'L33', make: (self: Witness, to: AnyTarget) => self.link(to) },
  { kind: 'monitor', rule: 'L28', make: (self: Witness, to: AnyTarget) => self.monitor(to) },
];

for (const place of places) {
  for (const { kind, rule, make } of kinds) {
    for (const { title, code, home, find } of absents) {
      test(`a ${kind} on ${title} rejects with '${code}' and leaves nothing behind [${rule}]${place.title}`, async (t) => {
        const node = await sharedPlace(t, place);
        const other =
          home === undefined
            ? await witnessOn(node, place.other)
            : await spawnWitness(await quietNode(t, {}, home));
        const target = await find(node, other);
        const self = await witnessOn(node, place.self);
        await t.throwsAsync(
          self.run((witness) => make(witness, target)),
          { code },
        );
        const { links, monitors } = await infoOf(node, self.pid);
        t.deepEqual([links, monitors], [[], []]);
        if (!place.isThreaded) t.is(node.info().links + node.info().monitors, 0);
        t.deepEqual(await self.heard(), []);
      });
    }

    test(`a ${kind} on an event that is not registered rejects with 'event-unknown' [${rule}]${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const self = await witnessOn(node, place.self);
      const subscribed = self.run((witness) =>
        kind === 'link' ? witness.linkEvent('nothing') : witness.monitorEvent('nothing'),
      );
      await t.throwsAsync(subscribed, { code: 'event-unknown' });
      t.deepEqual((await infoOf(node, self.pid)).events, []);
    });
  }
}
