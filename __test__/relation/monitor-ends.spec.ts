import test from 'ava';
import { TergoError } from 'tergo';
import {
  closeShared,
  infoOf,
  isReason,
  places,
  sharedPlace,
  witnessGone,
  witnessOn,
} from '../support/places.ts';
import { hasEnded, reasonOf } from '../support/witness.ts';
import { addressKinds, addressOf, ends } from './ends.ts';

const rules = { pid: 'L24', name: 'L25', 'process id': 'L25', alias: 'L26', event: 'L27' };

test.after.always(closeShared);

for (const place of places) {
  for (const kind of addressKinds) {
    for (const { title, bring } of ends) {
      test(`a monitor on a ${kind} brings one down message after ${title} [${rules[kind]}]${place.title}`, async (t) => {
        const node = await sharedPlace(t, place);
        const target = await witnessOn(node, place.other);
        const watcher = await witnessOn(node, place.self);
        const address = await addressOf(node, target, kind);
        t.deepEqual((await infoOf(node, watcher.pid)).monitors, []);

        await watcher.run((self) => address.monitor(self));
        const { monitors, links } = await infoOf(node, watcher.pid);
        t.deepEqual([monitors, links], [[address.shown], []]);

        const reason = bring(node, target);
        await witnessGone(node, target);
        t.deepEqual(await watcher.heard(), [{ on: 'down', ended: { ...address.shown, reason } }]);
        isReason(t, place, reasonOf(watcher.seen[0]), reason);
        t.deepEqual(target.seen.map(reasonOf), [reason]);
        t.deepEqual((await infoOf(node, watcher.pid)).monitors, []);
        if (!place.isThreaded) t.is(node.info().monitors, 0);
      });
    }
  }

  for (const kind of addressKinds.filter((kind) => kind !== 'pid')) {
    test(`a monitor on a ${kind} brings 'unregistered' when that is given up, and its process lives [${rules[kind]}]${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const target = await witnessOn(node, place.other);
      const watcher = await witnessOn(node, place.self);
      const address = await addressOf(node, target, kind);
      await watcher.run((self) => address.monitor(self));

      await target.run((self) => address.giveUp!(self));
      const [notice, ...others] = await watcher.heard();
      t.deepEqual(others, []);
      t.true(notice?.on === 'down' && TergoError.is(notice.ended.reason, 'unregistered'));
      t.like(notice, { ended: address.shown });
      t.false(hasEnded(node, target.pid));
      t.deepEqual((await infoOf(node, watcher.pid)).monitors, []);

      node.kill(target.pid);
      await witnessGone(node, target);
      t.is((await watcher.heard()).length, 1);
    });
  }
}
