import test from 'ava';
import { TergoError } from 'tergo';
import { gone, quietNode, reasonOf, spawnWitness } from '../support/witness.ts';
import { addressKinds, addressOf, ends } from './ends.ts';

const rules = { pid: 'L24', name: 'L25', 'process id': 'L25', alias: 'L26', event: 'L27' };

for (const kind of addressKinds) {
  for (const { title, bring } of ends) {
    test(`a monitor on a ${kind} brings one down message after ${title} [${rules[kind]}]`, async (t) => {
      const node = await quietNode(t);
      const target = await spawnWitness(node);
      const watcher = await spawnWitness(node);
      const address = await addressOf(node, target, kind);
      t.deepEqual(node.processInfo(watcher.pid).monitors, []);

      await watcher.run((self) => address.monitor(self));
      t.deepEqual(node.processInfo(watcher.pid).monitors, [address.shown]);
      t.deepEqual(node.processInfo(watcher.pid).links, []);

      const reason = bring(node, target);
      await gone(node, target);
      t.deepEqual(await watcher.heard(), [{ on: 'down', ended: { ...address.shown, reason } }]);
      t.is(reasonOf(watcher.seen[0]), reason);
      t.deepEqual(target.seen.map(reasonOf), [reason]);
      t.deepEqual(node.processInfo(watcher.pid).monitors, []);
      t.is(node.info().monitors, 0);
    });
  }
}

for (const kind of addressKinds.filter((kind) => kind !== 'pid')) {
  test(`a monitor on a ${kind} brings 'unregistered' when that is given up, and its process lives [${rules[kind]}]`, async (t) => {
    const node = await quietNode(t);
    const target = await spawnWitness(node);
    const watcher = await spawnWitness(node);
    const address = await addressOf(node, target, kind);
    await watcher.run((self) => address.monitor(self));

    await target.run((self) => address.giveUp!(self));
    const [notice, ...others] = await watcher.heard();
    t.deepEqual(others, []);
    t.true(notice?.on === 'down' && TergoError.is(notice.ended.reason, 'unregistered'));
    t.like(notice, { ended: address.shown });
    t.not(node.processState(target.pid), 'terminated');
    t.deepEqual(node.processInfo(watcher.pid).monitors, []);

    node.kill(target.pid);
    await gone(node, target);
    t.is((await watcher.heard()).length, 1);
  });
}
